"""What every scenario starts from: a database of its own, and runners that are shut down at its end.

CLOACA_BACKEND chooses: sqlite (the default) or postgres, whose server is that of CLOACINA_TEST_POSTGRES_URL.
"""

from __future__ import annotations

import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Iterator, Optional

import pytest

import cloaca

BACKEND = os.environ.get("CLOACA_BACKEND", "sqlite")
PATIENCE = 8.0  # below the time limit of a test, so that it says what it waited for


class Database:
    """A database that no other test knows; PostgreSQL's is a schema."""

    def __init__(self, url: str, schema: Optional[str]) -> None:
        self.url, self.schema = url, schema

    def runner(self, config: Optional[cloaca.DefaultRunnerConfig] = None) -> cloaca.DefaultRunner:
        if self.schema is None:
            return cloaca.DefaultRunner(self.url, config)
        return cloaca.DefaultRunner.with_schema(self.url, self.schema, config)

    def expression(self, config: str = "None") -> str:
        """What makes such a runner in the source of another process."""
        if self.schema is None:
            return f"cloaca.DefaultRunner({self.url!r}, {config})"
        return f"cloaca.DefaultRunner.with_schema({self.url!r}, {self.schema!r}, {config})"


_schemas: list[str] = []


def server_url() -> str:
    url = os.environ.get("CLOACINA_TEST_POSTGRES_URL")
    if url is None:
        pytest.exit("CLOACA_BACKEND=postgres needs CLOACINA_TEST_POSTGRES_URL, the URL of a server", returncode=2)
    return url


def pytest_sessionfinish() -> None:
    if _schemas:
        statements = "; ".join(f"DROP SCHEMA IF EXISTS {schema} CASCADE" for schema in _schemas)
        subprocess.run(["psql", "--quiet", "--set=client_min_messages=error", server_url(), "--command",
                        f"SET client_min_messages = error; {statements}"], check=False)


@pytest.fixture
def database(tmp_path: pathlib.Path) -> Database:
    if BACKEND == "sqlite":
        return Database(f"sqlite://{tmp_path}/test.db", None)
    schema = f"py_{os.getpid()}_{secrets.token_hex(4)}"
    _schemas.append(schema)
    return Database(server_url(), schema)


@pytest.fixture
def make_runner(database: Database) -> Iterator[Callable[..., cloaca.DefaultRunner]]:
    """Makes runners on the test's database, with these settings, and shuts them down."""
    made: list[cloaca.DefaultRunner] = []

    def make(**settings: Any) -> cloaca.DefaultRunner:
        made.append(database.runner(cloaca.DefaultRunnerConfig(**settings)))
        return made[-1]

    yield make
    for runner in made:
        runner.shutdown()


@pytest.fixture
def runner(make_runner: Callable[..., cloaca.DefaultRunner]) -> cloaca.DefaultRunner:
    return make_runner()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name for the workflow of this test: the registry is the process's."""
    return re.sub(r"\W", "_", request.node.name)


class Gate:
    """Bodies wait at it until the test opens it; the test waits until they have come."""

    def __init__(self) -> None:
        self._opened = threading.Event()
        self._arrived = threading.Semaphore(0)

    def open(self) -> None:
        self._opened.set()

    def pass_(self) -> None:
        self._arrived.release()
        assert self._opened.wait(PATIENCE), "the gate stayed closed"

    def wait_for_arrivals(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE), "nobody came to the gate"


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def trigger_lines(runner, name, outcome="fired"):
    """Of a trigger's history, oldest first."""
    history = runner.get_trigger_execution_history(name, 10_000)
    return [line for line in reversed(history) if line["outcome"] == outcome]


def build(name, *tasks):
    """A workflow of these functions, one after the other."""
    with cloaca.WorkflowBuilder(name) as builder:
        before = []
        for function in tasks:
            before = [cloaca.task(dependencies=before)(function)]
    return builder.build()


def seconds_after_ctrl_c(gate: Gate, wait: Callable[[], object]) -> float:
    """How long `wait` goes on once a body has come to the gate; the best of three, for the machine may be busy once."""

    def interrupt(sent: list[float]) -> None:
        gate.wait_for_arrivals()
        sent.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    def once() -> float:
        sent: list[float] = []
        thread = threading.Thread(target=interrupt, args=(sent,))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            wait()
        ended = time.monotonic()
        thread.join()
        return ended - sent[0]

    # Ignored in the background of a shell, and then by Python too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return min(once() for _ in range(3))
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()  # a failed test must not leave bodies behind it


@pytest.fixture
def own_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this test declares, the runners of others do not poll."""
    monkeypatch.setattr(cloaca._registry, "_triggers", {})


class Program:
    """Source that runs in a process of its own, with the module that is tested here."""

    def __init__(self, source: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def read_line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().rstrip("\n")
        assert line or self.process.poll() is None, self.process.communicate()[1]
        return line

    def wait(self) -> tuple[int, str, str]:
        """Exit status, and what it said."""
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output, errors

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def run_program() -> Iterator[Callable[..., Program]]:
    made: list[Program] = []

    def run(source: str, *arguments: str) -> Program:
        made.append(Program(source, *arguments))
        return made[-1]

    yield run
    for program in made:
        if program.process.poll() is None:
            program.kill()


@pytest.fixture
def only_sqlite() -> None:
    if BACKEND != "sqlite":
        pytest.skip("SQLite's own")


@pytest.fixture
def only_postgres() -> None:
    if BACKEND != "postgres":
        pytest.skip("PostgreSQL's own")
