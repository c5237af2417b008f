"""Fleet simulation: histories of 2 to 5 simulated processes with crashes, stalls, I/O errors and clock jumps, by seed."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import tempfile
import time

from trial import Trial, Void

MUTANTS = {"no_fence": "R1: a runner that was declared dead goes on writing"}

AT_ONCE = 50  # histories of one process
LEAST = {"kills": 1, "stalls": 0.5, "errors": 1, "taken_over": 1, "clock_jumps": 0.2, "cancelled": 0.1}  # in a history, on average
MEMORY = "/dev/shm"  # nothing is simulated of the disk but its errors: a real one would only slow the histories down


def scratch() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="cloacina-fleet-", dir=MEMORY if os.path.isdir(MEMORY) else None)


def histories(trial: Trial, first: int, count: int) -> tuple[list[str], dict[str, int]]:
    """The problems of `count` histories, and what happened in them."""
    with scratch() as directory:
        answer = subprocess.run([trial.program("fleet_simulation"), directory, str(first), str(count)],
                                env=trial.environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True, timeout=120, check=False)
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or not lines:
        return [f"exit: histories from seed {first} ended with {answer.returncode}: {answer.stdout[-300:]}"], {}
    return lines[:-1], json.loads(lines[-1])


def once(trial: Trial, seed: int) -> str:
    """One history, event for event."""
    with scratch() as directory:
        return subprocess.run([trial.program("fleet_simulation"), directory, str(seed)], env=trial.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True).stdout


def run(trial: Trial) -> list[str]:
    limit_s = trial.by_scale(30, 900, 86_400)  # quick: a core-minute
    wanted = trial.by_scale(1_000_000, 20_000, 1_000_000)  # quick: as many as fit
    begun, next_seed = time.monotonic(), trial.seed * 1_000_000
    problems: list[str] = []
    sums: dict[str, int] = {"histories": 0}
    if once(trial, next_seed) != once(trial, next_seed):
        problems.append(f"repetition: two histories of seed {next_seed} differ")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        while time.monotonic() < begun + limit_s and sums["histories"] < wanted and not problems:
            firsts = [next_seed + AT_ONCE * i for i in range(os.cpu_count() or 1)]
            next_seed = firsts[-1] + AT_ONCE
            for found, happened in pool.map(lambda first: histories(trial, first, AT_ONCE), firsts):
                problems += found
                sums["histories"] += AT_ONCE
                for name, number in happened.items():
                    sums[name] = sums.get(name, 0) + number
    seconds = time.monotonic() - begun
    trial.note(**sums, histories_per_core_minute=round(60 * sums["histories"] / seconds / (os.cpu_count() or 1)))
    if not problems and (why := too_little(trial, sums, wanted)):
        raise Void(why)
    return problems


def too_little(trial: Trial, happened: dict[str, int], wanted: int) -> str | None:
    histories = happened["histories"]
    rare = [name for name, least in LEAST.items() if happened.get(name, 0) < least * histories]
    if rare:
        return f"too little happened in {histories} histories: {', '.join(rare)}"
    if trial.scale != "quick" and histories < wanted:
        return f"only {histories} of {wanted} histories"
    return None
