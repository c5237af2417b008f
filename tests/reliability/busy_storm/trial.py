"""BUSY storm: eight processes with eight writing threads each, then four busy runners, take turns on one file.

Nobody hears BUSY, nobody starves.  That a turn is long because the disk is slow at that moment is no starving: a window of the
runners in which a COMMIT took too long is repeated, until the disk holds still.  Quick takes what fits into 10 s.
"""

from __future__ import annotations

import json
import pathlib
import sqlite3
import subprocess
import time

from trial import Trial, Void

MUTANTS = {"begin_deferred": "`BEGIN DEFERRED`: who has read before it writes is told BUSY at once",
           "sqlite_busy_handler": "SQLite's own busy handler, which backs off and starves"}

CLIENTS, RUNNERS = 8, 4
FAIR = 0.5              # of the mean, for the slowest process
LONGEST_WAIT_MS = 200
SLOW_COMMIT_MS = 50     # four of them are the longest wait
WINDOWS = 4             # of runners at most
BEGIN_S = 0.2           # until every process has read its times
LEAST_TURNS = 100       # of all in a window; fewer prove nothing


def window(trial: Trial, kind: str, count: int, path: pathlib.Path, seconds: float) -> list[dict]:
    """What each of `count` processes did in the same `seconds`; a process that fails is `{}`."""
    processes = [subprocess.Popen([trial.program("busy_storm"), kind, path], env=trial.environment(), text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)]
    results = []
    try:
        for process in processes:
            process.stdout.readline()
        start = time.clock_gettime(time.CLOCK_MONOTONIC) + BEGIN_S
        for process in processes:
            process.stdin.write(f"{int(start * 1000)} {int((start + seconds) * 1000)}\n")
            process.stdin.flush()
        for process in processes:
            output, _ = process.communicate(timeout=seconds + 90)
            results.append(json.loads(output) if process.returncode == 0 else {})
    except (subprocess.TimeoutExpired, OSError):
        results.append({})
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return results


def judge(kind: str, results: list[dict]):
    if not all(results):
        yield f"exit: a {kind} process did not come to its end"
        return
    for result in results:
        for error in result["errors"]:
            yield f"error: a caller of a {kind} was told: {error}"
    if busy := sum(result["busy"] for result in results):
        yield f"busy: {busy} statements of {kind} processes were told BUSY before they had waited for 5 s"
    done = [result["done"] for result in results]
    if min(done) < FAIR * sum(done) / len(done):
        yield f"unfair: {kind} processes had {sorted(done)} turns"


def longest(results: list[dict], what: str) -> float:
    return round(max(result.get(f"longest_{what}_ms", 0.0) for result in results), 1)


def stored(path: pathlib.Path) -> int:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute("SELECT count(*) FROM workflow_executions").fetchone()[0]
    finally:
        database.close()


def run(trial: Trial) -> list[str]:
    seconds, wanted = trial.by_scale((6.0, 0), (15.0, 10_000), (30.0, 100_000))
    path = trial.directory / "clients.db"
    turns, submitted, problems, share = 0, 0, [], 1.0
    while (turns == 0 or turns < wanted) and not problems:
        results = window(trial, "client", CLIENTS, path, seconds)
        problems = list(judge("client", results))
        done = [result.get("done", 0) for result in results]
        turns += sum(done)
        share = min(share, min(done) * len(done) / max(1, sum(done)))
        submitted = stored(path)
        if sum(done) < LEAST_TURNS:
            raise Void(f"only {sum(done)} turns in {seconds} s")
    trial.note(client_turns=turns, slowest_client=round(share, 2))
    if not problems and submitted < turns / 2:
        problems.append(f"lost: {submitted} executions are stored after {turns} turns, every second of which submitted one")
    return problems or share_turns(trial, seconds)


def share_turns(trial: Trial, seconds: float) -> list[str]:
    """Four busy runners on one file."""
    for number in range(WINDOWS):
        results = window(trial, "runner", RUNNERS, trial.directory / f"runners{number}.db", seconds)
        problems = list(judge("runner", results))
        wait, commit = longest(results, "wait"), longest(results, "commit")
        done = [result.get("done", 0) for result in results]
        trial.note(executed=sum(done), slowest_runner=round(min(done) * len(done) / max(1, sum(done)), 2), windows=number + 1,
                   longest_wait_ms=wait, longest_commit_ms=commit)
        if not problems and sum(done) < LEAST_TURNS:
            raise Void(f"only {sum(done)} executions in {seconds} s")
        if not problems and wait > LONGEST_WAIT_MS:
            problems = [f"waits: a runner waited {wait} ms for its turn; the longest COMMIT took {commit} ms"]
            if commit > SLOW_COMMIT_MS:
                continue
        return problems
    raise Void(f"in each of {WINDOWS} windows a COMMIT took longer than {SLOW_COMMIT_MS} ms, and a turn came late")
