"""The tutorial's steps: a file, a server, two processes on one schema, one of two killed; judged by what they say."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SERVER = os.environ.get("CLOACINA_TEST_POSTGRES_URL", "")
LETTERS = 40


def start(directory: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([PROGRAM, *arguments], cwd=directory, stdout=subprocess.PIPE, text=True)


def posted_by(process: subprocess.Popen[str]) -> int:
    output, _ = process.communicate(timeout=60)
    found = re.fullmatch(rf"{LETTERS} letters are posted, (\d+) by this process\n", output)
    if process.returncode != 0 or found is None:
        sys.exit(f"it ended with {process.returncode} and said: {output}")
    return int(found[1])


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        sys.exit(f"{what}: {found}, expected {wanted}")


class Schemas:
    """Names for the server, dropped at the end."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def url(self, name: str) -> str:
        self.names.append(f"{name}_{os.getpid()}")
        return f"{SERVER}{'&' if '?' in SERVER else '?'}schema={self.names[-1]}"

    def drop(self) -> None:
        for name in self.names:
            psql(f"SET client_min_messages TO error; DROP SCHEMA IF EXISTS {name} CASCADE")


def psql(sql: str) -> str:
    return subprocess.run(["psql", "-X", "-At", SERVER, "-c", sql], stdout=subprocess.PIPE, text=True, timeout=30,
                          check=True).stdout.strip()


def on_server(directory: str, schemas: Schemas) -> None:
    alone = schemas.url("letters_alone")
    expect(posted_by(start(directory, alone)), LETTERS, "posted by one process on the server")

    together = schemas.url("letters_together")
    both = [start(directory, together) for _ in range(2)]
    counts = [posted_by(process) for process in both]
    expect(sum(counts), LETTERS, "posted by two processes")
    expect(min(counts) > 0, True, "each has posted some")

    killed = schemas.url("letters_killed")
    lost, other = start(directory, killed), start(directory, killed)
    schema = schemas.names[-1]
    tables = f"SELECT count(*) FROM pg_class WHERE oid = to_regclass('{schema}.task_executions')"
    posted = f"SELECT count(*) FROM {schema}.task_executions WHERE delta LIKE '%\"posted_by\":{lost.pid}}}%'"
    while psql(tables) == "0" or psql(posted) == "0":
        if lost.poll() is not None:
            sys.exit("void: the process had ended before it was to be killed")
    lost.send_signal(signal.SIGKILL)
    lost.communicate()
    expect(posted_by(other) < LETTERS, True, "the process that was killed had posted some")
    completed = psql(f"SELECT count(*) FROM {schema}.workflow_executions WHERE status = 'Completed'")
    expect(completed, str(LETTERS), "Completed")
    expect(psql(f"SELECT count(*) FROM {schema}.runners WHERE state = 'dead'"), "1", "dead runners")


with tempfile.TemporaryDirectory(prefix="cloacina-letters-") as scratch:
    expect(posted_by(start(scratch)), LETTERS, "posted on a file")
    expect((pathlib.Path(scratch) / "letters.db").exists(), True, "the file is there")
    if SERVER:
        made = Schemas()
        try:
            on_server(scratch, made)
        finally:
            made.drop()
