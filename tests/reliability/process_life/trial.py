"""Process life: forks, signals, every way out of a process, plug-ins and static objects, and some at once, each with a runner at work."""

from __future__ import annotations

import concurrent.futures
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import uuid

from trial import Trial

MUTANTS = {"no_fork_check": "the child of a fork uses what its parent has open"}
NOTICED_BY = {"no_fork_check": {"exit"}}  # the process ends otherwise than it should

HOLDERS = ("automatic", "static", "thread_local", "leaked", "shared")
WAYS = {"return": 0, "exit": 0, "quick_exit": 0, "_exit": 0, "terminate": -signal.SIGABRT, "signal": -signal.SIGTERM,
        "thread": 0, "handler": 0, "body": 0, "callback": 0, "coroutine": 0, "observer": 0}
OTHERS = [("fork", how) for how in ("use", "open", "in_body", "spawn", "storm")] \
    + [("signals", how) for how in ("storm", "wait", "pipe")] + [("load", how) for how in ("again", "closed_early")] \
    + [("statics", how) for how in ("before", "runner", "after")]
ENDS_S = 30        # for a process, or it hangs
AT_ONCE = 4
CASES = [(*case, 0) for case in OTHERS] + [(holder, way, code) for holder in HOLDERS for way, code in WAYS.items()]


def start(trial: Trial, directory: pathlib.Path, kind: str, how: str, seed: int) -> subprocess.CompletedProcess:
    program = trial.program("process_life")
    environment = trial.environment(PROCESS_LIFE_STATIC=how if kind == "statics" else "", PROCESS_LIFE_DIRECTORY=str(directory))
    return subprocess.run([program, kind, how, directory, str(seed), program.with_name("libprocess_life_plugin.so")],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ENDS_S, check=False)


def judge(directory: pathlib.Path):
    """What was accepted has completed, although its process ended."""
    database = sqlite3.connect(f"file:{directory / 'life.db'}?mode=ro", uri=True)
    if (answer := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        yield f"corrupt: {answer}"
    status = {str(uuid.UUID(bytes=id)): word for id, word in database.execute("SELECT id, status FROM workflow_executions")}
    accepted = directory / "accepted"
    for line in accepted.read_text().split() if accepted.exists() else []:
        if status.get(line) != "Completed":
            yield f"lost: {line} was accepted and is {status.get(line)}"
    database.close()


def live(trial: Trial, number: int, kind: str, how: str, code: int) -> list[str]:
    directory = trial.directory / f"{number}-{kind}-{how}"
    directory.mkdir()
    try:
        ended = start(trial, directory, kind, how, trial.seed + number)
        if ended.returncode != code:
            return [f"exit: {kind} {how} ended with {ended.returncode}, expected {code}: {ended.stdout[-300:]}"]
        after = start(trial, directory, "finish", "", 0)
    except subprocess.TimeoutExpired as hang:
        return [f"hang: {kind} {how} did not end: {(hang.output or b'')[-300:]!r}"]
    problems = [f"exit: after {kind} {how} the next process ended with {after.returncode}: {after.stdout[-300:]}"] \
        if after.returncode else [f"{problem} ({kind} {how})" for problem in judge(directory)]
    if not problems:
        shutil.rmtree(directory)
    return problems


def mixed(trial: Trial, count: int):
    for _ in range(count):
        way, code = trial.dice.choice(sorted(WAYS.items()))
        yield "mixed", f"{trial.dice.choice(HOLDERS)}+{way}", code


def run(trial: Trial) -> list[str]:
    rounds = trial.by_scale(1, 10, 100)
    lives = [case for case in CASES * rounds + list(mixed(trial, 4 * rounds)) if not trial.mutant or case[0] == "fork"]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda one: live(trial, one[0], *one[1]), enumerate(lives)))
    trial.note(processes=len(lives), ends=sum(kind in HOLDERS for kind, _, _ in lives), mixed=sum(kind == "mixed" for kind, _, _ in lives),
               forks=sum(kind == "fork" for kind, _, _ in lives))
    return [problem for problems in judged for problem in problems]
