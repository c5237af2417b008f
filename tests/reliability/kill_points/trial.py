"""Every kill point: a small run is killed before each write, truncation, sync and removal of its files, one by one.

The operations are counted by an SQLite VFS in the process, over all of its threads and from the first on an empty
disk, so that the migration is cut at each of its writes too (`strace` counts for each thread alone).
"""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid

from storm.checker import read_lines
from trial import Trial, Void

MUTANTS = {"completion_in_two": "R5: the end of an execution and its last results are one transaction"}

AT_ONCE = 8  # most of the time each waits for the lease of the one that was killed
LEAST_POINTS = 400  # with a kill
EXECUTIONS = 18  # as in main.cpp
LOST = "outcome unknown: owner lost"
EXPECTED = {"first": ("Completed", 1), "again": ("Completed", 2), "never": ("Skipped", 1), "join": ("Completed", 1),
            "once": ("Completed", 1)}
AFTER = {"again": ["first"], "join": ["first", "again"], "once": ["first"]}


def start(trial: Trial, directory: pathlib.Path, at: int) -> subprocess.CompletedProcess:
    return subprocess.run([trial.program("kill_points"), directory, str(at)], env=trial.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)


def judge(directory: pathlib.Path):
    """What is wrong with what two processes left behind."""
    database = sqlite3.connect(f"file:{directory / 'points.db'}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    if (answer := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        yield f"corrupt: {answer}"
    executions = {str(uuid.UUID(bytes=row["id"])): row for row in database.execute("SELECT * FROM workflow_executions")}
    if sorted(int(row["idempotency_key"]) for row in executions.values()) != list(range(EXECUTIONS)):
        yield f"keys: {[row['idempotency_key'] for row in executions.values()]}"
    for line in read_lines(directory / "accepted")[0]:
        if line["execution"] not in executions or executions[line["execution"]]["idempotency_key"] != line["key"]:
            yield f"lost: {line}"
    starts, _ = read_lines(directory / "witness")
    for name, row in executions.items():
        tasks = {task["task"]: task for task in database.execute(
            "SELECT * FROM task_executions WHERE execution_id = ?", (row["id"],))}
        yield from judge_one(name, row, tasks, [line for line in starts if line["execution"] == name])
    database.close()


def judge_one(name: str, row: sqlite3.Row, tasks: dict[str, sqlite3.Row], starts: list[dict]):
    for task, (status, attempt) in EXPECTED.items():
        found = (tasks[task]["status"], tasks[task]["attempt"]) if task in tasks else ("no row", 0)
        if task == "once" and found[0] == "Failed" and tasks[task]["error"] == LOST:
            continue
        if found != (status, attempt):
            yield f"outcome: {name}/{task} is {found}, expected {(status, attempt)}"
    lost = "once" in tasks and tasks["once"]["status"] == "Failed"
    if row["status"] != ("Failed" if lost else "Completed") or row["owner"] is not None:
        yield f"outcome: {name} is {row['status']}, owner {row['owner']}"
    recorded = {task: json.loads(found["delta"])["set"][task] for task, found in tasks.items()
                if found["status"] == "Completed"}
    for line in starts:
        for before in AFTER.get(line["task"], []):
            if line["given"].get(before) != recorded.get(before):
                yield f"inputs: {line} was given another {before} than is recorded: {recorded.get(before)}"
    for task, value in recorded.items():
        if value not in [line["value"] for line in starts if line["task"] == task]:
            yield f"bodies: {name}/{task}: the recorded {value} comes from no body"
    if len([line for line in starts if line["task"] == "once"]) > 1:
        yield f"bodies: {name}/once ran more than once"


def at_point(trial: Trial, at: int) -> tuple[bool, list[str]]:
    """Whether the process was killed, and what is wrong afterwards."""
    directory = trial.directory / str(at)
    directory.mkdir()
    killed = start(trial, directory, at).returncode == -signal.SIGKILL
    second = start(trial, directory, 0)
    problems = [f"exit: after a kill at {at} the next process ended with {second.returncode}: {second.stdout[-300:]}"] \
        if second.returncode else list(judge(directory))
    if not problems:
        shutil.rmtree(directory)
    return killed, [f"{problem} (killed at operation {at})" for problem in problems]


def run(trial: Trial) -> list[str]:
    whole = trial.directory / "whole"
    whole.mkdir()
    first = start(trial, whole, 0)
    if first.returncode:
        return [f"exit: a run without a kill ended with {first.returncode}: {first.stdout[-300:]}"]
    operations = int(first.stdout)
    points = list(range(1, operations + 1))
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda at: at_point(trial, at), points))
    killed = sum(was_killed for was_killed, _ in judged)
    trial.note(operations=operations, kill_points=len(points), killed=killed, points_s=round(time.monotonic() - begun, 1))
    problems = [problem for _, found in judged for problem in found]
    if not problems and killed < LEAST_POINTS:  # fewer than points: runs differ a little in their number of writes
        raise Void(f"only {killed} of {len(points)} processes were killed")
    return problems
