"""A small run on a disk that reports errors, from each of its operations on."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import pathlib
import shutil
import subprocess
import time

from databases import SqliteFile
from kill_points.trial import judge
from storm.checker import read_lines
from trial import Trial, Void

AT_ONCE = 12  # most of the time each waits for its own pauses
ENDS_S = 60
LENGTHS = (1, 8)  # failures in a row
# About how often one thread of the run calls them.
SYSCALLS = {"pwrite64": 60, "fdatasync": 15, "ftruncate": 2, "unlink": 2}
# What somebody has to be told: what it is, and what helps.
CLEAR = {"SQLITE_FULL": "free some space", "SQLITE_IOERR": "system's log", "SQLITE_CANTOPEN": "number of open files"}


@dataclasses.dataclass(frozen=True)
class Point:
    kind: str      # full, io_error: in the process; or what strace is to inject
    at: int
    failures: int

    @property
    def by_strace(self) -> bool:
        return ":" in self.kind

    def __str__(self) -> str:
        return f"{self.kind} at operation {self.at}, {self.failures} in a row"


def unclear(error: dict) -> bool:
    return not any(f"({symbol}" in error["what"] and advice in error["what"] for symbol, advice in CLEAR.items())


def run_small(trial: Trial, directory: pathlib.Path, point: Point) -> subprocess.CompletedProcess:
    directory.mkdir()
    command = [trial.program("disk_full"), "point", directory]
    if point.by_strace:
        syscall, error = point.kind.split(":")
        inject = f"inject={syscall}:error={error}:when={point.at}..{point.at + point.failures - 1}"
        command = ["strace", "-f", "--quiet=all", "-o", directory / "strace", "-e", f"trace={syscall}", "-e", inject, *command, "none"]
    else:
        command += [point.kind, str(point.at), str(point.failures)]
    return subprocess.run(command, env=trial.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=ENDS_S, check=False)


def count(trial: Trial, kind: str) -> int:
    """The operations of a run without failures."""
    ended = run_small(trial, trial.directory / f"count_{kind}", Point(kind, 0, 0))
    if ended.returncode:
        raise Void(f"a run without failures ended with {ended.returncode}: {ended.stdout[-300:]}")
    return int(ended.stdout.split()[-2])


def failed(directory: pathlib.Path, point: Point, output: str) -> int:
    if point.by_strace:
        return (directory / "strace").read_text(encoding="utf-8", errors="replace").count("(INJECTED)")
    return int(output.split()[-1])


def at_point(trial: Trial, number: int, point: Point) -> tuple[int, list[dict], list[str]]:
    """How many operations failed, what callers were told, and what is wrong afterwards."""
    directory = trial.directory / f"point{number}"
    ended = run_small(trial, directory, point)
    if ended.returncode:
        return 0, [], [f"exit: {point}: {ended.returncode}: {ended.stdout[-600:]}"]
    errors, _ = read_lines(directory / "errors")
    database = SqliteFile(directory / "points.db")
    problems = list(judge(database, directory)) + [f"unclear: {error}" for error in errors if unclear(error)]
    problems += [f"wait: {error}" for error in errors if error["call"] == "wait"]
    database.close()
    hits = failed(directory, point, ended.stdout)
    if not problems:
        shutil.rmtree(directory)
    return hits, errors, [f"{problem} ({point})" for problem in problems]


def points_in_process(trial: Trial):
    """Of each operation, one failure or some in a row: quick takes a sample."""
    stride = trial.by_scale(8, 1, 1)
    for kind in ("full", "io_error"):
        operations = count(trial, kind)
        for lengths in trial.by_scale([LENGTHS], [LENGTHS], [[length] for length in LENGTHS]):
            for at in range(1 + trial.dice.randrange(stride), operations + 1, stride):
                yield Point(kind, at, trial.dice.choice(lengths))


def points_of_strace(trial: Trial):
    """By the kernel's own hand; counted for each thread alone."""
    may = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    if may.returncode:
        raise Void(f"strace cannot inject errors here: {may.stderr[-300:]}")
    for _ in range(trial.by_scale(30, 300, 3_000)):
        syscall, most = trial.dice.choice(sorted(SYSCALLS.items()))
        error = trial.dice.choice(("ENOSPC", "EDQUOT", "EIO"))
        yield Point(f"{syscall}:{error}", trial.dice.randint(1, most), trial.dice.choice(LENGTHS))


def run_points(trial: Trial) -> list[str]:
    begun = time.monotonic()
    points = [*points_in_process(trial), *points_of_strace(trial)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        judged = list(pool.map(lambda numbered: at_point(trial, *numbered), enumerate(points)))
    hit = [point for point, (hits, _, _) in zip(points, judged) if hits > 0]
    by_strace = sum(point.by_strace for point in hit)
    problems = [problem for _, _, found in judged for problem in found]
    trial.note(points=len(points), failed=len(hit), by_strace=by_strace, told=sum(len(told) for _, told, _ in judged),
               points_s=round(time.monotonic() - begun, 1))
    if not problems and (len(hit) < 0.8 * len(points) or not by_strace):
        raise Void(f"only {len(hit)} of {len(points)} runs met a failure, {by_strace} of them one of the kernel's")
    return problems
