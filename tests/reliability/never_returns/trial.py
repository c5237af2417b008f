"""Bodies that never return: the shutdown does, by its timeout and half a second, and the process ends.

What they ran is free for others at once.  A shutdown that was late while the machine did not let its process run is asked
for again, and judged as it is then.  Quick asks for a shutdown in 0.4 s instead of 5 s.
"""

from __future__ import annotations

import concurrent.futures
import subprocess
import time

from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"join_without_deadline": "the pool waits for its threads, however long they take"}

KINDS = ("loop", "read", "lock", "deaf", "suspended", "blocking_coroutine")
BODIES = 3         # as in main.cpp
LATE_MS = 500      # after the timeout
END_S = 2.0        # from the return of the shutdown to the end of the process
START_S = 10.0     # for everything before the shutdown
STANDSTILL_MS = 50 # of the process, within its shutdown
ASKED_AGAIN = 0.1  # of the shutdowns at most
AT_ONCE = 4


def shut_down(trial: Trial, number: int, timeout_ms: int, again: bool = False) -> tuple[float, bool, list[str]]:
    """How long it took, whether it was asked for again, and what is wrong."""
    kind, database = KINDS[number % len(KINDS)], trial.database(f"{number}{'again' if again else ''}")
    if trial.directory.joinpath("hangs").exists():
        return 0, again, []  # one says enough
    process = subprocess.Popen([trial.program("never_returns"), database.url, kind, str(timeout_ms)], env=trial.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        output, _ = process.communicate(timeout=START_S + timeout_ms / 1000 + LATE_MS / 1000 + END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        (trial.directory / "hangs").touch()
        figure = output.split()[-1:] or ["no end of the shutdown"]
        return 0, again, [f"hangs: {kind}: the process did not end; {figure[0]}"]
    if process.returncode != 0:
        return 0, again, [f"exit: {kind}: ended with {process.returncode}: {output[-300:]}"]
    took, stood_still = (int(figure) for figure in output.split()[-2:])
    problems = list(judge(database, kind))
    if took > timeout_ms + LATE_MS:
        if stood_still > STANDSTILL_MS and not problems and not again:
            return shut_down(trial, number, timeout_ms, again=True)
        problems.append(f"late: {kind}: shutdown({timeout_ms} ms) took {took} ms; the machine stood still for {stood_still} ms")
    return took, again, problems


def judge(database, kind: str):
    """The executions wait for another runner; nothing counts as a crash or as a used attempt."""
    runners = [row["state"] for row in database.rows("SELECT state FROM runners")]
    if runners != ["stopped"]:
        yield f"released: {kind}: the runner is {runners}"
    rows = [tuple(row.values()) for row in database.rows("SELECT status, owner, takeovers FROM workflow_executions")]
    if len(rows) != BODIES or any(row[0] not in ("Pending", "Running") or row[1:] != (None, 0) for row in rows):
        yield f"released: {kind}: executions are {rows}"
    tasks = [tuple(row.values()) for row in database.rows("SELECT status, attempt, crashes FROM task_executions")]
    if any(task != ("Ready", 1, 0) for task in tasks):
        yield f"released: {kind}: tasks are {tasks}"
    database.close()


def run(trial: Trial) -> list[str]:
    shutdowns, timeout_ms = trial.by_scale((60, 400), (100, 5_000), (100, 5_000))
    at_once = AT_ONCE if trial.scale == "quick" else 2 * AT_ONCE
    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        judged = list(pool.map(lambda number: shut_down(trial, number, timeout_ms), range(shutdowns)))
    took, again = sorted(took for took, _, _ in judged), sum(again for _, again, _ in judged)
    trial.note(shutdowns=len(judged), timeout_ms=timeout_ms, median_ms=took[len(took) // 2], longest_ms=took[-1], asked_again=again,
               shutdowns_s=round(time.monotonic() - begun, 1))
    problems = [problem for _, _, found in judged for problem in found]
    if not problems and again > ASKED_AGAIN * shutdowns:
        raise Void(f"the machine stood still under {again} of {shutdowns} shutdowns")
    if not problems and took[0] < timeout_ms / 2:
        raise Void(f"a shutdown took only {took[0]} ms: its body had returned")
    return problems
