"""Migration race: eight processes open one new file at the same moment; and one is killed at each write of the migration.

The kills are counted by an SQLite VFS in the process, over all of its threads.
"""

from __future__ import annotations

import concurrent.futures
import pathlib
import signal
import sqlite3
import subprocess

from trial import Trial, Void

MUTANTS = {"migration_without_lock": "a migration begins without the file's exclusive lock"}

PROCESSES = 8
ANSWER_S = 60
AT_ONCE = 4


def judge(path: pathlib.Path, executions: int):
    """The schema was applied once, and everything that ran on it is there."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        if (answer := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            yield f"corrupt: {answer}"
        versions = [version for version, in database.execute("SELECT version FROM schema_migrations ORDER BY version")]
        if not versions or versions != list(range(1, len(versions) + 1)):
            yield f"schema: versions {versions} are recorded"
        ended = database.execute("SELECT status, count(*) FROM workflow_executions GROUP BY status").fetchall()
        if ended != [("Completed", executions)]:
            yield f"executions: {ended}, expected {executions} Completed"
    except sqlite3.Error as error:
        yield f"schema: {error!r}"
    finally:
        database.close()


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
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        for number in range(rounds):
            path = trial.directory / f"race{number}.db"
            for process in processes:
                process.stdin.write(f"{path}\n")
            for process in processes:  # all at once
                process.stdin.flush()
            try:
                answers = list(pool.map(answer_of, processes, timeout=ANSWER_S))
            except concurrent.futures.TimeoutError:
                problems.append(f"hangs: round {number} has not ended after {ANSWER_S} s")
                break
            errors = [f"error: {answer or 'the process died'}" for answer in answers if answer != "ok"]
            problems += errors or list(judge(path, PROCESSES))
            if problems:
                break
        for process in processes:
            process.kill()  # only waits for lines, or hangs
            process.wait()
    return problems


def boot(trial: Trial, path: pathlib.Path, at: int) -> subprocess.CompletedProcess:
    return subprocess.run([trial.program("migration_race"), "boot", path, str(at)], env=trial.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ANSWER_S, check=False)


def killed_at(trial: Trial, at: int) -> tuple[bool, list[str]]:
    """Whether the process was killed, and what is wrong with the next one."""
    path = trial.directory / f"killed{at}.db"
    killed = boot(trial, path, at).returncode == -signal.SIGKILL
    after = boot(trial, path, 0)
    if after.returncode:
        return killed, [f"exit: after a kill at operation {at} the next boot ended with {after.returncode}: {after.stdout[-300:]}"]
    # One that was killed later than asked for may have executed its workflow already.
    return killed, [f"{problem} (killed at operation {at})" for problem in judge(path, 1 if killed else 2)]


def run(trial: Trial) -> list[str]:
    rounds = trial.by_scale(50, 50, 50)
    problems = race(trial, rounds)
    if problems:
        return problems
    whole = boot(trial, trial.directory / "whole.db", 0)
    if whole.returncode:
        return [f"exit: a boot without a kill ended with {whole.returncode}: {whole.stdout[-300:]}"]
    operations = int(whole.stdout.split()[-1])
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda at: killed_at(trial, at), range(1, operations + 1)))
    killed = sum(was_killed for was_killed, _ in judged)
    trial.note(first_boots=rounds * PROCESSES, kill_points=operations, killed=killed)
    if killed < 0.9 * operations:  # boots differ a little in their number of writes
        raise Void(f"only {killed} of {operations} processes were killed")
    return [problem for _, found in judged for problem in found]
