"""Runs the fleet on a file and, with the server of the tests, in a schema of its own; judges by plain SQL."""

import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
from typing import Callable

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
SERVER = os.environ.get("CLOACINA_TEST_POSTGRES_URL", "")
SCHEMA = f"fleet_{os.getpid()}"

# What must be there afterwards; worker-3 and those that end with the program are stopped.
EXPECTED = {
    "SELECT count(*) FROM {s}workflow_executions WHERE status = 'Completed' AND owner IS NULL": 120,
    "SELECT count(*) FROM {s}workflow_executions WHERE status <> 'Completed'": 0,
    "SELECT count(*) FROM {s}task_executions WHERE status <> 'Completed' OR attempt > 1 OR crashes > 0": 0,
    "SELECT count(*) FROM {s}runners WHERE name = 'worker-2' AND state = 'dead'": 1,
    "SELECT count(*) FROM {s}runners WHERE name = 'worker-3' AND state = 'stopped'": 1,
    "SELECT count(*) FROM {s}runners WHERE state = 'alive'": 0,
    "SELECT CASE WHEN count(*) > 0 THEN 1 ELSE 0 END FROM {s}workflow_executions WHERE takeovers > 0": 1,
}


def run(directory: str, *arguments: str) -> None:
    answer = subprocess.run([PROGRAM, *arguments], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=80, check=False)
    print(answer.stdout, end="")
    if answer.returncode != 0:
        sys.exit(f"the fleet ended with {answer.returncode}, expected 0")
    for words in ("worker-2 is killed", "dead", "worker-4", "the last order is Completed", "shipped: 120 of 120"):
        if words not in answer.stdout:
            sys.exit(f"expected '{words}' in the output")


def psql(sql: str) -> str:
    return subprocess.run(["psql", "-X", "-At", SERVER, "-c", sql], stdout=subprocess.PIPE, text=True, timeout=30,
                          check=True).stdout.strip()


def judge(ask: Callable[[str], str], place: str) -> None:
    for sql, expected in EXPECTED.items():
        found = int(ask(sql.format(s=place)))
        if found != expected:
            sys.exit(f"{sql.format(s=place)}\nfound {found}, expected {expected}")


with tempfile.TemporaryDirectory(prefix="cloacina-fleet-") as scratch:
    run(scratch)
    database = sqlite3.connect(pathlib.Path(scratch) / "fleet.db")
    judge(lambda sql: database.execute(sql).fetchone()[0], "")
    if SERVER:
        try:
            run(scratch, "--database", f"{SERVER}{'&' if '?' in SERVER else '?'}schema={SCHEMA}")
            judge(psql, SCHEMA + ".")
        finally:
            psql(f"SET client_min_messages TO error; DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
