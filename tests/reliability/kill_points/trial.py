"""Every kill point: a small run is killed at each operation on its database, one by one.

Of a file before each write, truncation, sync and removal; of a server before and after each time that something is sent to it.
They are counted in the process, over all of its threads and from the first on an empty database, so that the migration is cut
everywhere too (`strace` counts for each thread alone).
"""

from __future__ import annotations

import concurrent.futures
import json
import pathlib
import queue
import shutil
import signal
import subprocess
import time

from storm.checker import read_lines
from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"completion_in_two": "R5: the end of an execution and its last results are one transaction"}

AT_ONCE = 8  # most of the time each waits for the lease of the one that was killed
LEAST_POINTS = {"sqlite": 400, "postgres": 200}  # with a kill, where none is left out
QUICK_STEP = {"sqlite": 1, "postgres": 8}  # one in so many, beginning with any of them
EXECUTIONS = 18  # as in main.cpp
LOST = "outcome unknown: owner lost"
EXPECTED = {"first": ("Completed", 1), "again": ("Completed", 2), "never": ("Skipped", 1), "join": ("Completed", 1),
            "once": ("Completed", 1)}
AFTER = {"again": ["first"], "join": ["first", "again"], "once": ["first"]}


def start(trial: Trial, database, directory: pathlib.Path, at: int) -> subprocess.CompletedProcess:
    return subprocess.run([trial.program("kill_points"), database.url, directory, str(at)], env=trial.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)


def judge(database, directory: pathlib.Path):
    """What is wrong with what two processes left behind."""
    if (answer := database.integrity()) != "ok":
        yield f"corrupt: {answer}"
    executions = {row["id"]: row for row in database.rows("SELECT * FROM workflow_executions")}
    if sorted(int(row["idempotency_key"]) for row in executions.values()) != list(range(EXECUTIONS)):
        yield f"keys: {[row['idempotency_key'] for row in executions.values()]}"
    for line in read_lines(directory / "accepted")[0]:
        if line["execution"] not in executions or executions[line["execution"]]["idempotency_key"] != line["key"]:
            yield f"lost: {line}"
    starts, _ = read_lines(directory / "witness")
    all_tasks = database.rows("SELECT * FROM task_executions")
    for name, row in executions.items():
        tasks = {task["task"]: task for task in all_tasks if task["execution_id"] == name}
        yield from judge_one(name, row, tasks, [line for line in starts if line["execution"] == name])


def judge_one(name: str, row: dict, tasks: dict[str, dict], starts: list[dict]):
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


def at_point(trial: Trial, places: queue.SimpleQueue, at: int) -> tuple[bool, list[str]]:
    """Whether the process was killed, and what is wrong afterwards."""
    directory = trial.directory / str(at)
    directory.mkdir()
    database = places.get()
    database.empty()
    killed = start(trial, database, directory, at).returncode == -signal.SIGKILL
    second = start(trial, database, directory, 0)
    problems = [f"exit: after a kill at {at} the next process ended with {second.returncode}: {second.stdout[-300:]}"] \
        if second.returncode else list(judge(database, directory))
    places.put(trial.database(f"after{at}") if problems else database)  # what is wrong stays as it is
    if not problems:
        shutil.rmtree(directory)
    return killed, [f"{problem} (killed at operation {at})" for problem in problems]


def run(trial: Trial) -> list[str]:
    whole = trial.directory / "whole"
    whole.mkdir()
    places: queue.SimpleQueue = queue.SimpleQueue()
    for number in range(AT_ONCE):
        places.put(trial.database(f"place{number}"))
    first = start(trial, trial.database("whole"), whole, 0)
    if first.returncode:
        return [f"exit: a run without a kill ended with {first.returncode}: {first.stdout[-300:]}"]
    operations = int(first.stdout)
    step = trial.by_scale(QUICK_STEP[trial.backend], 1, 1)
    points = list(range(1 + trial.dice.randrange(step), operations + 1, step))
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda at: at_point(trial, places, at), points))
    killed = sum(was_killed for was_killed, _ in judged)
    trial.note(operations=operations, kill_points=len(points), killed=killed, points_s=round(time.monotonic() - begun, 1))
    problems = [problem for _, found in judged for problem in found]
    if not problems and killed < LEAST_POINTS[trial.backend] // step:  # runs differ a little in how much they write
        raise Void(f"only {killed} of {len(points)} processes were killed")
    return problems
