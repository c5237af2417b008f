"""Migration race: eight processes open one new database at the same moment; and one is killed at each step of the migration.

Of a file at each write, of a server before and after each statement, counted in the process over all of its threads.
"""

from __future__ import annotations

import concurrent.futures
import queue
import signal
import subprocess

from databases import DatabaseError
from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"migration_without_lock": "a migration begins without the lock that all processes share"}

PROCESSES = 8
ANSWER_S = 60
AT_ONCE = 4


def judge(database, executions: int):
    """The schema was applied once, and everything that ran on it is there."""
    try:
        if (answer := database.integrity()) != "ok":
            yield f"corrupt: {answer}"
        versions = [row["version"] for row in database.rows("SELECT version FROM schema_migrations ORDER BY version")]
        if not versions or versions != list(range(1, len(versions) + 1)):
            yield f"schema: versions {versions} are recorded"
        ended = {row["status"]: row["n"] for row in database.rows(
            "SELECT status, count(*) AS n FROM workflow_executions GROUP BY status")}
        if ended != {"Completed": executions}:
            yield f"executions: {ended}, expected {executions} Completed"
    except DatabaseError as error:
        yield f"schema: {error}"


def answer_of(process: subprocess.Popen) -> str:
    """Without what the library logs; empty if the process died."""
    for line in process.stdout:
        if line.startswith("answer: "):
            return line.removeprefix("answer: ").strip()
    return ""


def race(trial: Trial, rounds: int) -> list[str]:
    processes = [subprocess.Popen([trial.program("migration_race"), "race"], env=trial.environment(), text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    problems: list[str] = []
    database = trial.database("race")
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        for number in range(rounds):
            database.empty()
            for process in processes:
                process.stdin.write(f"{database.url}\n")
            for process in processes:  # all at once
                process.stdin.flush()
            try:
                answers = list(pool.map(answer_of, processes, timeout=ANSWER_S))
            except concurrent.futures.TimeoutError:
                problems.append(f"hangs: round {number} has not ended after {ANSWER_S} s")
                break
            errors = [f"error: {answer or 'the process died'}" for answer in answers if answer != "ok"]
            problems += errors or list(judge(database, PROCESSES))
            if problems:
                break
        for process in processes:
            process.kill()  # only waits for lines, or hangs
            process.wait()
    return problems


def boot(trial: Trial, database, at: int) -> subprocess.CompletedProcess:
    return subprocess.run([trial.program("migration_race"), "boot", database.url, str(at)], env=trial.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ANSWER_S, check=False)


def killed_at(trial: Trial, places: queue.SimpleQueue, at: int) -> tuple[bool, list[str]]:
    """Whether the process was killed, and what is wrong with the next one."""
    database = places.get()
    database.empty()
    killed = boot(trial, database, at).returncode == -signal.SIGKILL
    after = boot(trial, database, 0)
    # One that was killed later than asked for may have executed its workflow already.
    problems = [f"exit: after a kill the next boot ended with {after.returncode}: {after.stdout[-300:]}"] if after.returncode \
        else list(judge(database, 1 if killed else 2))
    places.put(trial.database(f"after{at}") if problems else database)  # what is wrong stays as it is
    return killed, [f"{problem} (killed at operation {at})" for problem in problems]


def run(trial: Trial) -> list[str]:
    on_server = trial.backend != "sqlite"
    rounds = trial.by_scale(6 if on_server else 50, 50, 50)
    problems = race(trial, rounds)
    if problems:
        return problems
    whole = boot(trial, trial.database("whole"), 0)
    if whole.returncode:
        return [f"exit: a boot without a kill ended with {whole.returncode}: {whole.stdout[-300:]}"]
    operations = int(whole.stdout.split()[-1])
    places: queue.SimpleQueue = queue.SimpleQueue()
    for number in range(AT_ONCE):
        places.put(trial.database(f"place{number}"))
    step = trial.by_scale(3 if on_server else 1, 1, 1)
    points = range(1 + trial.dice.randrange(step), operations + 1, step)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda at: killed_at(trial, places, at), points))
    killed = sum(was_killed for was_killed, _ in judged)
    trial.note(first_boots=rounds * PROCESSES, kill_points=len(points), killed=killed)
    if killed < 0.9 * len(points):  # boots differ a little in their number of writes
        raise Void(f"only {killed} of {len(points)} processes were killed")
    return [problem for _, found in judged for problem in found]
