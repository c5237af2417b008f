"""A PostgreSQL server as it looks through a network that fails: loses commits or their answers, stops forwarding, goes on.

Listens on a port of its own on loopback and forwards to the server of a URL.  Reads as much of the protocol as it takes to know
what each connection is doing: the requests of the client, by their SQL, and where a transaction begins and ends.
"""

from __future__ import annotations

import asyncio
import dataclasses
import re
import struct
import threading
import urllib.parse

# What a transaction is for, told by its statements; the first that fits.  A hint writes nothing, and goes its own way.
KINDS = {"migration": "INSERT INTO schema_migrations",
         "registration": "INSERT INTO runners",
         "takeover": "SET state = 'dead'",
         "release": "SET state = 'stopped'",
         "claim": "UPDATE workflow_executions SET owner = (SELECT runner FROM wanted)",
         "submission": "version, 'Pending', priority, input",
         "cancellation": "INSERT INTO control_requests",
         "definition": "INSERT INTO workflow_definitions",
         "group": "WITH fence AS",
         "batch": "SET commit_seq = $2",
         "farewell": "UNLISTEN",
         "hint": "NOTIFY"}
FIRST_ROW = 3  # of the parameters of a group: the fence is before it.  A group without rows is a renewal

ENCRYPTION, CANCEL = (80877103, 80877104), 80877102  # codes in the place of a protocol's version
STARTUP_S = 10.0

WAYS = {"request": "the commit does not reach the server, and the connection is cut",
        "answer": "the commit reaches the server, its answer is swallowed, and the connection is cut",
        "late": "the connection is cut, and the commit reaches the server some time afterwards",
        "stop before": "nothing is forwarded any more on any connection, beginning with the commit",
        "stop behind": "nothing is forwarded any more on any connection, beginning with the answer"}


@dataclasses.dataclass
class Request:
    """What a client says before it waits: the messages up to Query or Sync."""

    data: bytes
    sql: str = ""
    parameters: tuple[bytes | None, ...] = ()


@dataclasses.dataclass
class Fault:
    """What happens to the transaction of a kind that is the `nth` from now on."""

    kind: str  # of KINDS, renewal, or anything: a request, whatever it is
    way: str   # of WAYS
    nth: int = 1
    late_s: float = 0.0
    hit: threading.Event = dataclasses.field(default_factory=threading.Event)


class FaultProxy:
    """Its methods are for other threads than its own."""

    def __init__(self, url: str) -> None:
        server = urllib.parse.urlsplit(url)
        self.server = server.hostname or "127.0.0.1", server.port or 5432
        self.fault: Fault | None = None
        self.tasks: set[asyncio.Task[None]] = set()  # one for each connection
        self.forwards = {"requests": asyncio.Event(), "answers": asyncio.Event()}
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self._listen())
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def through(self, url: str) -> str:
        """The same URL, with this proxy in the place of its server."""
        parts = urllib.parse.urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}").geturl()

    def arm(self, kind: str, way: str, nth: int = 1, late_s: float = 0.0) -> Fault:
        """Another one takes the place of one that has not hit."""
        self.fault = Fault(kind, way, nth, late_s)
        return self.fault

    def disarm(self) -> None:
        self.fault = None

    def stop(self, *directions: str) -> None:
        """Forwards no more on any connection, old or new; takes what comes, and keeps it.  `directions`: of `forwards`; both."""
        self._call(lambda: [self.forwards[direction].clear() for direction in directions or self.forwards])

    def go_on(self) -> None:
        """Forwards what was kept, and all that comes."""
        self._call(lambda: [gate.set() for gate in self.forwards.values()])

    def close(self) -> None:
        """Cuts everything."""
        async def end() -> None:
            self.listener.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
        asyncio.run_coroutine_threadsafe(end(), self.loop).result(STARTUP_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _call(self, function) -> None:
        async def do() -> None:
            function()
        asyncio.run_coroutine_threadsafe(do(), self.loop).result(STARTUP_S)

    async def _listen(self) -> None:
        for gate in self.forwards.values():
            gate.set()
        self.listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self.loop.create_task(self._serve_one(reader, writer))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        try:
            await session.run()
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of both sides has gone
        finally:
            session.cut()

    # For the sessions.

    def halt(self, fault: Fault) -> None:
        for gate in self.forwards.values():
            gate.clear()
        fault.hit.set()

    def take_fault(self, kind: str) -> Fault | None:
        """What happens to this request: the commit of a transaction of the kind, or something else."""
        fault = self.fault
        if fault is None or fault.kind not in (kind, "anything"):
            return None
        fault.nth -= 1
        if fault.nth > 0:
            return None
        self.fault = None
        return fault


class Session:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy, self.from_client, self.to_client = proxy, reader, writer
        self.to_server: asyncio.StreamWriter | None = None
        self.prepared: dict[bytes, str] = {}
        self.transaction: list[str] | None = None  # the statements of the one that BEGIN opened
        self.swallows = False                      # answers, all from now on
        self.ready = asyncio.Event()               # the server has answered the last request

    def cut(self) -> None:
        self.to_client.transport.abort()
        if self.to_server is not None:
            self.to_server.transport.abort()

    async def run(self) -> None:
        if not await self.start():
            return
        pumps = [asyncio.ensure_future(pump) for pump in (self.pass_requests(), self.pass_answers())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await self.proxy.forwards["requests"].wait()  # nor does the other side hear of an end
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def start(self) -> bool:
        """Up to the client's first message; false for a connection that only cancels a statement of another."""
        while True:
            length, code = struct.unpack("!ii", head := await self.from_client.readexactly(8))
            message = head + await self.from_client.readexactly(length - 8)
            await self.proxy.forwards["requests"].wait()
            if code in ENCRYPTION:
                await self.proxy.forwards["answers"].wait()
                self.to_client.write(b"N")
                continue
            self.from_server, self.to_server = await asyncio.open_connection(*self.proxy.server)
            self.to_server.write(message)
            return code != CANCEL

    async def pass_requests(self) -> None:
        while True:
            request = await self.request()
            fault = self.note(request)
            way = fault.way if fault is not None else ""
            if way in ("request", "answer", "late"):
                return await self.lose(request, fault)
            if way == "stop before":
                self.proxy.halt(fault)
            await self.proxy.forwards["requests"].wait()
            self.to_server.write(request.data)
            if way == "stop behind":
                self.proxy.halt(fault)
            await self.to_server.drain()

    async def lose(self, request: Request, fault: Fault) -> None:
        """The last request of this connection."""
        self.swallows = True
        if fault.way != "answer":
            self.to_client.transport.abort()
        if fault.way != "request":
            if fault.way == "late":
                fault.hit.set()
                await asyncio.sleep(fault.late_s)
            self.ready.clear()
            self.to_server.write(request.data)
            await self.ready.wait()
        self.cut()
        fault.hit.set()

    async def request(self) -> Request:
        request = Request(b"")
        while True:
            kind, body, message = await read_message(self.from_client)
            request.data += message
            if kind == b"P":
                name, sql, _ = body.split(b"\0", 2)
                self.prepared[name] = plain(sql)
            elif kind == b"B":
                _, name, rest = body.split(b"\0", 2)
                request.sql, request.parameters = self.prepared.get(name, ""), parameters_of(rest)
            elif kind == b"Q":
                request.sql = plain(body.rstrip(b"\0"))
            if kind not in b"PBDEC":  # those that the server answers only after Sync
                return request

    def note(self, request: Request) -> Fault | None:
        """Follows the transaction; at its commit, asks what is to happen to it."""
        kind = ""
        if self.transaction is None:
            if request.sql.startswith("BEGIN"):
                self.transaction = []
            else:
                kind = kind_of(request.sql, request.parameters)
        elif request.sql == "COMMIT":
            kind = kind_of("; ".join(self.transaction))
            self.transaction = None
        else:
            self.transaction = None if request.sql == "ROLLBACK" else [*self.transaction, request.sql]
        return self.proxy.take_fault(kind)

    async def pass_answers(self) -> None:
        while True:
            kind, _, message = await read_message(self.from_server)
            if not self.swallows:
                await self.proxy.forwards["answers"].wait()
                self.to_client.write(message)
                await self.to_client.drain()
            if kind == b"Z":
                self.ready.set()


async def read_message(stream: asyncio.StreamReader) -> tuple[bytes, bytes, bytes]:
    """Its kind, its body, and all of it."""
    head = await stream.readexactly(5)
    body = await stream.readexactly(struct.unpack("!i", head[1:])[0] - 4)
    return head[:1], body, head + body


def plain(sql: bytes) -> str:
    """In one line, and without the name of the schema."""
    return " ".join(re.sub(r'"\w+"\.', "", sql.decode()).split())


def parameters_of(bind: bytes) -> tuple[bytes | None, ...]:
    """The values of a Bind message, of what is behind its names."""
    formats, = struct.unpack_from("!h", bind)
    at = 2 + 2 * formats
    count, = struct.unpack_from("!h", bind, at)
    at += 2
    values: list[bytes | None] = []
    for _ in range(count):
        length, = struct.unpack_from("!i", bind, at)
        at += 4
        values.append(None if length < 0 else bind[at:at + length])
        at += max(length, 0)
    return tuple(values)


def kind_of(sql: str, parameters: tuple[bytes | None, ...] = ()) -> str:
    """Empty for what only reads, or is none of ours."""
    for kind, words in KINDS.items():
        if words in sql:
            empty = kind == "group" and all(value == b"{}" for value in parameters[FIRST_ROW:])
            return "renewal" if empty else kind
    return ""
