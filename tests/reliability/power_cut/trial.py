"""Power cut: what was written and not yet synced survives at random, again and again, under one database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import uuid

from storm.checker import read_lines
from trial import Trial, Void

MUTANTS = {"synchronous_normal": "`?_synchronous=NORMAL`: commits are not synced"}

CUT = 75             # the exit code of a process whose power failed
FINAL = ("Completed", "Failed", "Cancelled")
WRITES = (5, 900)    # the power fails at one of these, by chance
LIVES_OF_A_FILE = 25  # then the next one begins on an empty disk, so that creating a database is cut too


class Disk:
    """One database over many power cuts, and everything that anybody was told about it."""

    def __init__(self, trial: Trial, number: int) -> None:
        self.directory = trial.directory / f"disk{number}"
        self.directory.mkdir()
        self.program, self.environment = trial.program("power_cut"), trial.environment()
        self.synchronous = "NORMAL" if trial.mutant == "synchronous_normal" else "FULL"

    def live(self, seed: int, cut_at: int) -> int:
        with (self.directory / "log").open("ab") as log:
            return subprocess.run([self.program, self.directory, str(seed), str(cut_at), self.synchronous],
                                  env=self.environment, stdout=log, stderr=log, timeout=60, check=False).returncode

    def told(self, name: str) -> list[dict]:
        path = self.directory / name
        return read_lines(path)[0] if path.exists() else []

    def problems(self):
        """What was told and is not stored. Opening the file recovers its log, as the next process will."""
        path = self.directory / "power.db"
        if not path.exists() or (self.told("accepted") == [] and path.stat().st_size == 0):
            return
        database = sqlite3.connect(path)
        try:
            answer = database.execute("PRAGMA integrity_check").fetchone()[0]
            if answer != "ok":
                yield f"corrupt: {answer}"
            if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'workflow_executions'").fetchall():
                if self.told("accepted"):
                    yield "lost: the tables are gone"
                return
            yield from self.compare(database)
        except sqlite3.DatabaseError as error:
            yield f"corrupt: {error!r}"
        finally:
            database.close()

    def compare(self, database: sqlite3.Connection):
        executions = {str(uuid.UUID(bytes=row[0])): row[1:] for row in database.execute(
            "SELECT id, idempotency_key, status, output FROM workflow_executions")}
        results = {str(uuid.UUID(bytes=row[0])): json.loads(row[1])["set"]["value"] for row in database.execute(
            "SELECT execution_id, delta FROM task_executions WHERE task = 'first' AND status = 'Completed'")}
        for line in self.told("accepted"):
            if executions.get(line["execution"], (None,))[0] != line["key"]:
                yield f"lost: accepted {line}, stored {executions.get(line['execution'])}"
        for line in self.told("answered"):
            _, status, output = executions.get(line["execution"], (None, None, None))
            if status != line["status"] or json.loads(output or "{}") != line["context"]:
                yield f"lost: answered {line['execution']} {line['status']}, stored {status} {output}"
        for line in self.told("seen"):
            if results.get(line["execution"]) != line["value"]:
                yield f"early: a body was given {line['value']}, stored is {results.get(line['execution'])}"

    def unfinished(self) -> int:
        database = sqlite3.connect(self.directory / "power.db")
        try:
            return database.execute(f"SELECT count(*) FROM workflow_executions WHERE status NOT IN {FINAL}").fetchone()[0]
        finally:
            database.close()


def run(trial: Trial) -> list[str]:
    cuts, number = trial.by_scale(180, 3_000, 10_000), 0
    happened = acknowledged = 0
    problems: list[str] = []
    while happened < cuts and not problems:
        disk = Disk(trial, number)
        for _ in range(min(LIVES_OF_A_FILE, cuts - happened)):
            code = disk.live(trial.dice.randrange(1, 1 << 62), trial.dice.randint(*WRITES))
            if code != CUT:
                problems.append(f"exit: a process ended with {code}; see {disk.directory / 'log'}")
            problems += disk.problems()
            happened += 1
            if problems:
                break
        else:
            # Whatever the cuts left, the next process ends it.
            code = disk.live(trial.dice.randrange(1, 1 << 62), 0)
            if code != 0 or disk.unfinished():
                problems.append(f"stranded: the last process ended with {code}, {disk.unfinished()} executions have not")
            problems += disk.problems()
        acknowledged += sum(len(disk.told(name)) for name in ("accepted", "answered", "seen"))
        number += 1
    trial.note(cuts=happened, disks=number, acknowledged=acknowledged)
    if not problems and acknowledged < 5 * cuts:
        raise Void(f"only {acknowledged} answers in {cuts} cuts")
    return problems
