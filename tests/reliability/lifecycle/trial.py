"""Lifecycle torture: runners made, used and destroyed in random orders, from bodies, callbacks and other threads.

Under a sanitizer where the build is one (`./dev test reliability -k lifecycle --sanitizer address`, or `thread`).
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess

from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"callback_after_destruction": "an observer is called on after its runner is gone"}

AT_ONCE = {"sqlite": 50, "postgres": 15}  # rounds of one process
ROUND_S = 10        # the program aborts at a hang itself; this is for a watchdog that hangs
QUICK = {"": 1_000, "address": 500, "thread": 600}  # what fits into 30 s, by sanitizer
QUICK_ON_SERVER = 60
SANITIZERS = {"ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
              "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}

# What must have happened, of 1 000 rounds, so that they were a torture.
LEAST = {"submitted": 5_000, "completed": 2_000, "refused": 100, "handlers": 1_000, "observed": 5_000, "nested": 100,
         "from_inside": 500, "destroyed_inside": 20}


def sanitizer(trial: Trial) -> str:
    for line in (trial.build / "CMakeCache.txt").read_text().splitlines() if (trial.build / "CMakeCache.txt").exists() else []:
        if line.startswith("CLOACINA_SANITIZER:"):
            return line.partition("=")[2]
    return ""


def part(trial: Trial, seed: int, rounds: int) -> tuple[list[str], dict[str, int]]:
    directory = trial.directory / str(seed)
    directory.mkdir()
    try:
        where = directory if trial.backend == "sqlite" else trial.database(str(seed)).url
        ended = subprocess.run([trial.program("lifecycle"), where, str(seed), str(rounds)],
                               env={**SANITIZERS, **trial.environment()}, stdout=subprocess.PIPE,
                               stderr=(directory / "log").open("wb"), text=True, timeout=rounds * ROUND_S, check=False)
    except subprocess.TimeoutExpired:
        return [f"hang: rounds from seed {seed} did not end"], {}
    if ended.returncode:
        log = (directory / "log").read_text(errors="replace")
        at = max(0, log.find("SUMMARY") - 1_500) if "SUMMARY" in log else -500
        return [f"report: rounds from seed {seed} ended with {ended.returncode}: {log[at:][:2_500]}"], {}
    return [], json.loads(next(line for line in ended.stdout.splitlines() if line.startswith("{")))  # the library logs as well


def run(trial: Trial) -> list[str]:
    kind = sanitizer(trial)
    rounds = trial.by_scale(QUICK[kind] if trial.backend == "sqlite" else QUICK_ON_SERVER, 2_000, 20_000)
    at_once = AT_ONCE[trial.backend]
    seeds = range(trial.seed * 100_000, trial.seed * 100_000 + rounds, at_once)
    problems: list[str] = []
    sums: dict[str, int] = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found, happened in pool.map(lambda seed: part(trial, seed, at_once), seeds):
            problems += found
            for name, number in happened.items():
                sums[name] = sums.get(name, 0) + number
    trial.note(sanitizer=kind or "none", **sums)
    enough = rounds if rounds > QUICK_ON_SERVER else rounds // 2  # few rounds scatter more
    rare = [name for name, least in LEAST.items() if sums.get(name, 0) < least * enough // 1_000]
    if rare and not problems:
        raise Void(f"too few of {', '.join(rare)}")
    return problems
