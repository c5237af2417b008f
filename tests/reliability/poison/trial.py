"""Poison: a task that ends its process, by five ways, among innocent ones that run beside it."""

from __future__ import annotations

import concurrent.futures
import resource
import subprocess

from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {
    "count_all": "R9: only a task that was known to run is counted",
    "not_alone": "R9: a task has its last chance alone",
}

KINDS = ("abort", "segv", "exit", "stack", "memory")
MAX_CRASHES = 3  # as in main.cpp
MOST_STARTS = 20


def without_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def one(trial: Trial, kind: str, innocents: int) -> tuple[int, list[str]]:
    """How often the process died, and what is wrong with what is stored afterwards."""
    database = trial.database(kind)
    for deaths in range(MOST_STARTS):
        answer = subprocess.run([trial.program("poison"), database.url, kind, str(innocents)], env=trial.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False,
                                preexec_fn=without_core)
        if b"done" in answer.stdout:
            return deaths, [f"{problem} ({kind})" for problem in judge(database, innocents, deaths)]
        if answer.returncode == 4:
            return deaths, [f"exit: the process reports an error ({kind})"]
    return MOST_STARTS, [f"deaths: still dying after {MOST_STARTS} starts ({kind})"]


def judge(database, innocents: int, deaths: int):
    ended = {row["status"]: row["n"] for row in database.rows(
        "SELECT status, count(*) AS n FROM workflow_executions WHERE workflow = 'innocent' GROUP BY 1")}
    if ended != {"Completed": innocents}:
        yield f"innocents: {ended}, expected all {innocents} Completed"
    drink = database.rows("SELECT status, error, crashes FROM task_executions WHERE task = 'drink'")[0]
    status, error, crashes = drink["status"], drink["error"], drink["crashes"]
    if status != "Failed" or f"crashed {MAX_CRASHES} times" not in (error or "") or crashes != MAX_CRASHES:
        yield f"poison: is {status} with {crashes} crashes: {error}"
    # Nothing else killed its runners: the first takeover counts nothing, each one after it counts one.
    if deaths != 1 + MAX_CRASHES:
        yield f"deaths: {deaths}, expected {1 + MAX_CRASHES}"
    database.close()


def run(trial: Trial) -> list[str]:
    innocents = trial.by_scale(200, 1_000, 1_000)
    rounds = trial.by_scale(1, 3, 10)
    problems: list[str] = []
    deaths = 0
    with concurrent.futures.ThreadPoolExecutor(len(KINDS)) as pool:
        for number in range(rounds):
            part = Trial(trial.name, trial.build, trial.directory / str(number), trial.seed, trial.scale, trial.mutant,
                         trial.backend)
            part.directory.mkdir()
            part.schemas = trial.schemas
            for count, found in pool.map(lambda kind: one(part, kind, innocents), KINDS):
                deaths += count
                problems += found
    trial.note(kinds=len(KINDS), innocents=innocents * len(KINDS) * rounds, deaths=deaths)
    if not problems and deaths < len(KINDS):
        raise Void("the poison killed nobody")
    return problems
