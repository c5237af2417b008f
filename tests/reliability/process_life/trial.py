"""Process life: forks, signals, every way out of a process, plug-ins and static objects, and some at once, each with a runner at work."""

from __future__ import annotations

import concurrent.futures
import pathlib
import queue
import shutil
import signal
import subprocess

from trial import Trial

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"no_fork_check": "the child of a fork uses what its parent has open"}
NOTICED_BY = {"no_fork_check": {"exit"}}  # the process ends otherwise than it should

HOLDERS = ("automatic", "static", "thread_local", "leaked", "shared")
WAYS = {"return": 0, "exit": 0, "quick_exit": 0, "_exit": 0, "terminate": -signal.SIGABRT, "signal": -signal.SIGTERM,
        "thread": 0, "handler": 0, "body": 0, "callback": 0, "coroutine": 0, "observer": 0}
FORKS = [("fork", how, 0) for how in ("use", "open", "in_body", "spawn", "storm")]
OTHERS = [("signals", how, 0) for how in ("storm", "wait", "pipe")] + [("load", how, 0) for how in ("again", "closed_early")] \
    + [("statics", how, 0) for how in ("before", "runner", "after")] \
    + [(holder, way, code) for holder in HOLDERS for way, code in WAYS.items()]
QUICK_OTHERS = {"sqlite": len(OTHERS), "postgres": 10}  # any so many of them
ENDS_S = 30        # for a process, or it hangs
AT_ONCE = 4


def start(trial: Trial, database, directory: pathlib.Path, kind: str, how: str, seed: int) -> subprocess.CompletedProcess:
    program = trial.program("process_life")
    environment = trial.environment(PROCESS_LIFE_STATIC=how if kind == "statics" else "", PROCESS_LIFE_DIRECTORY=str(directory),
                                    PROCESS_LIFE_URL=database.url)
    return subprocess.run([program, kind, how, directory, str(seed), database.url, program.with_name("libprocess_life_plugin.so")],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ENDS_S, check=False)


def judge(database, directory: pathlib.Path):
    """What was accepted has completed, although its process ended."""
    if (answer := database.integrity()) != "ok":
        yield f"corrupt: {answer}"
    status = {row["id"]: row["status"] for row in database.rows("SELECT id, status FROM workflow_executions")}
    accepted = directory / "accepted"
    for line in accepted.read_text().split() if accepted.exists() else []:
        if status.get(line) != "Completed":
            yield f"lost: {line} was accepted and is {status.get(line)}"


def live(trial: Trial, places: queue.SimpleQueue, number: int, kind: str, how: str, code: int) -> list[str]:
    directory = trial.directory / f"{number}-{kind}-{how}"
    directory.mkdir()
    database = places.get()
    database.empty()
    problems = live_on(trial, database, directory, number, kind, how, code)
    places.put(trial.database(f"after{number}") if problems else database)  # what is wrong stays as it is
    if not problems:
        shutil.rmtree(directory)
    return problems


def live_on(trial: Trial, database, directory: pathlib.Path, number: int, kind: str, how: str, code: int) -> list[str]:
    try:
        ended = start(trial, database, directory, kind, how, trial.seed + number)
        if ended.returncode != code:
            return [f"exit: {kind} {how} ended with {ended.returncode}, expected {code}: {ended.stdout[-300:]}"]
        after = start(trial, database, directory, "finish", "", 0)
    except subprocess.TimeoutExpired as hang:
        return [f"hang: {kind} {how} did not end: {(hang.output or b'')[-300:]!r}"]
    if after.returncode:
        return [f"exit: after {kind} {how} the next process ended with {after.returncode}: {after.stdout[-300:]}"]
    return [f"{problem} ({kind} {how})" for problem in judge(database, directory)]


def mixed(trial: Trial, count: int):
    for _ in range(count):
        way, code = trial.dice.choice(sorted(WAYS.items()))
        yield "mixed", f"{trial.dice.choice(HOLDERS)}+{way}", code


def run(trial: Trial) -> list[str]:
    rounds = trial.by_scale(1, 10, 100)
    others = trial.dice.sample(OTHERS, trial.by_scale(QUICK_OTHERS[trial.backend], len(OTHERS), len(OTHERS)))
    lives = FORKS * rounds if trial.mutant else (FORKS + others) * rounds + list(mixed(trial, 4 * rounds))
    places: queue.SimpleQueue = queue.SimpleQueue()
    for number in range(AT_ONCE):
        places.put(trial.database(f"life{number}"))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda one: live(trial, places, one[0], *one[1]), enumerate(lives)))
    trial.note(processes=len(lives), ends=sum(kind in HOLDERS for kind, _, _ in lives), mixed=sum(kind == "mixed" for kind, _, _ in lives),
               forks=sum(kind == "fork" for kind, _, _ in lives))
    return [problem for problems in judged for problem in problems]
