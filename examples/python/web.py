"""A web endpoint that starts workflows, on asyncio and the standard library alone.

  POST /orders           {"item": "tea", "quantity": 2}, with a header Idempotency-Key: starts a workflow, answers 202
  GET /orders/ID         the order's status, and what came out
  GET /orders/ID?wait=5  the same when it is final, or after 5 seconds

An order that was answered with 202 is stored: after a kill, the next start finishes it. Try it:

  curl -i -H 'Idempotency-Key: 1' -d '{"item": "tea", "quantity": 2}' http://127.0.0.1:8080/orders
"""

import argparse
import asyncio
import io
import json
import signal
import sys
import urllib.parse
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException, parse_headers
from typing import Any, NamedTuple

import cloaca
from cloaca import Context, TaskHandle

LARGEST_BODY = 64 * 1024
READ_SECONDS = 5.0
LINGER_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30
FINAL = ("Completed", "Failed", "Cancelled")
PRICES = {"tea": 4.5, "cake": 6.0}

# ---- the workflow: reserve ──> charge ──> ship

with cloaca.WorkflowBuilder("order") as builder:
    builder.description("Sells what is on the price list")

    @cloaca.task()
    async def reserve(context: Context) -> None:
        if context["item"] not in PRICES:
            raise cloaca.PermanentError(f"we sell no {context['item']}")
        context["total"] = PRICES[context["item"]] * context["quantity"]

    # May run a second time if the process dies under it: the bank gets the same key then, and charges once.
    @cloaca.task(dependencies=[reserve], retry_attempts=5, retry_delay_ms=100)
    async def charge(context: Context, handle: TaskHandle) -> None:
        await asyncio.sleep(0.2)  # the bank answers
        context["payment"] = handle.idempotency_key

    @cloaca.task(dependencies=[charge])
    async def ship(context: Context) -> None:
        await asyncio.sleep(0.2)
        context["parcel"] = f"{context['quantity']} x {context['item']}"


# ---- the endpoint


class Refusal(Exception):
    """An answer that says what was wrong with the request."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: Message  # names in any case
    body: bytes


class Answer(NamedTuple):
    status: HTTPStatus
    body: dict[str, Any]

    def __bytes__(self) -> bytes:
        body = json.dumps(self.body).encode() + b"\n"
        head = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + body


async def read_request(reader: asyncio.StreamReader) -> Request:
    """As much of HTTP/1.1 as clients of JSON need."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        method, target, _ = line.decode("ascii").split(" ")
        headers = parse_headers(io.BytesIO(fields))
        length = int(headers.get("Content-Length", "0"))
    except asyncio.LimitOverrunError:
        raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large") from None
    except (ValueError, HTTPException):
        raise Refusal(HTTPStatus.BAD_REQUEST, "expected a request of HTTP/1.1") from None
    if "Transfer-Encoding" in headers:
        raise Refusal(HTTPStatus.LENGTH_REQUIRED, "send a Content-Length")
    if not 0 <= length <= LARGEST_BODY:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {LARGEST_BODY} bytes")
    url = urllib.parse.urlsplit(target)
    query = dict(urllib.parse.parse_qsl(url.query))
    return Request(method, url.path, query, headers, await reader.readexactly(length))


async def discard(reader: asyncio.StreamReader) -> None:
    """Who is refused may still be sending; a connection that is closed before would take the answer with it."""
    while await reader.read(LARGEST_BODY):
        pass


def order_of(body: bytes) -> dict[str, Any]:
    try:
        order = json.loads(body)
        item, quantity = order["item"], order["quantity"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refusal(HTTPStatus.BAD_REQUEST, 'expected JSON such as {"item": "tea", "quantity": 2}') from None
    if not isinstance(item, str) or not item.isprintable():
        raise Refusal(HTTPStatus.BAD_REQUEST, "item: expected a name")
    if type(quantity) is not int or not 1 <= quantity <= 1000:
        raise Refusal(HTTPStatus.BAD_REQUEST, "quantity: expected a number from 1 to 1000")
    return {"item": item, "quantity": quantity}


def key_of(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 100:
        raise Refusal(HTTPStatus.BAD_REQUEST, "Idempotency-Key: send 1 to 100 characters, the same when you try again")
    return str(key)


def seconds_of(request: Request) -> float:
    wait = request.query.get("wait", "0")
    if not wait.isdecimal() or int(wait) > LONGEST_WAIT_SECONDS:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"wait: expected 0 to {LONGEST_WAIT_SECONDS} seconds")
    return float(wait)


class Endpoint:
    """Answers requests. The workflows that they start belong to the runner."""

    def __init__(self, runner: cloaca.DefaultRunner) -> None:
        self.runner = runner
        self.under_way: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, which carries one request."""
        task = asyncio.current_task()
        assert task is not None
        self.under_way.add(task)
        try:
            writer.write(bytes(await self.answer(reader)))
            writer.write_eof()
            await asyncio.wait_for(discard(reader), LINGER_SECONDS)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            pass  # the client went away
        finally:
            self.under_way.discard(task)
            writer.close()

    async def answer(self, reader: asyncio.StreamReader) -> Answer:
        try:
            request = await asyncio.wait_for(read_request(reader), READ_SECONDS)
            return await self.route(request)
        except Refusal as refusal:
            return Answer(refusal.status, {"error": str(refusal)})
        except asyncio.TimeoutError:
            return Answer(HTTPStatus.REQUEST_TIMEOUT, {"error": f"no whole request within {READ_SECONDS} s"})
        except cloaca.Error as error:  # the runner is being shut down, or has no database
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)})

    async def route(self, request: Request) -> Answer:
        collection, _, order_id = request.path.lstrip("/").partition("/")
        if collection != "orders":
            raise Refusal(HTTPStatus.NOT_FOUND, "there are /orders and /orders/ID")
        if request.method == "POST" and not order_id:
            return await self.post(request)
        if request.method == "GET" and order_id:
            return await self.get(order_id, seconds_of(request))
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "expected POST /orders or GET /orders/ID")

    async def post(self, request: Request) -> Answer:
        """Answers when the order is stored. The workflow goes on by itself."""
        order, key = order_of(request.body), key_of(request)
        try:
            handle = await self.runner.submit_async("order", order, idempotency_key=key)
        except cloaca.ValidationError as error:
            raise Refusal(HTTPStatus.CONFLICT, str(error)) from None  # the key belongs to another order
        return Answer(HTTPStatus.ACCEPTED, {"id": handle.id, "url": f"/orders/{handle.id}"})

    async def get(self, order_id: str, seconds: float) -> Answer:
        try:
            handle = self.runner.handle(order_id)
            status = await asyncio.to_thread(handle.status)
        except (cloaca.ValidationError, cloaca.ExecutionNotFound):
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no order {order_id}") from None
        if status not in FINAL and seconds > 0:
            try:
                status = (await asyncio.wait_for(handle, seconds)).status
            except asyncio.TimeoutError:
                pass  # it goes on
        if status not in FINAL:
            return Answer(HTTPStatus.OK, {"id": order_id, "status": status})
        result = await handle
        answer = {"id": order_id, "status": status, "order": result.final_context.to_dict()}
        if result.error_message is not None:
            answer["error"] = result.error_message.splitlines()[0]
        return Answer(HTTPStatus.OK, answer)


async def run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    config = cloaca.DefaultRunnerConfig(lease_ms=int(options.lease * 1000))
    async with cloaca.DefaultRunner(options.database, config) as runner:
        endpoint = Endpoint(runner)
        server = await asyncio.start_server(endpoint.serve, "127.0.0.1", options.port)
        print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await stop.wait()
        server.close()
    # The runner is shut down: orders that are not done wait for the next start, and who waited for one is told so.
    if endpoint.under_way:
        await asyncio.wait(endpoint.under_way)
    print("stopped; orders that are not done go on at the next start")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8080, help="default: %(default)s; 0: any that is free")
    parser.add_argument("--database", default="sqlite://orders.db", metavar="URL", help="default: %(default)s")
    parser.add_argument("--lease", type=float, default=15, metavar="SECONDS",
                        help="a process that was silent for so long is dead, and others take over; default: 15")
    try:
        asyncio.run(run(parser.parse_args()))
    except (cloaca.Error, OSError) as error:
        print(f"web.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
