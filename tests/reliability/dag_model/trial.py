"""DAG model: random DAGs with rules, retries, failures, cancels and lost owners against a reference of 320 lines."""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess

from trial import Trial, Void

MUTANTS = {"rule_inverted": "the operator NotExists holds if, and only if, the key is missing"}

AT_ONCE = 2_500  # executions of one process

# What must have happened, of 1 000 executions, so that no rule was compared of which nothing was seen.
LEAST = {"starts": 2_000, "retries": 100, "crashes": 500, "unknown_outcomes": 5, "alone": 1, "skips": 200, "skips_by_failure": 200,
         "completed": 200, "failed": 200, "timed_out": 5, "cancelled": 5}


def part(trial: Trial, first: int) -> tuple[list[str], dict[str, int]]:
    """The differences of AT_ONCE executions, and what happened in them."""
    answer = subprocess.run([trial.program("dag_model"), str(first), str(AT_ONCE)], env=trial.environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or not lines:
        return [f"exit: executions from seed {first} ended with {answer.returncode}: {answer.stdout[-300:]}"], {}
    return lines[:-1], json.loads(lines[-1])


def run(trial: Trial) -> list[str]:
    executions = trial.by_scale(10_000, 100_000, 1_000_000)
    first = trial.seed * 1_000_000
    problems: list[str] = []
    sums: dict[str, int] = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found, met in pool.map(lambda seed: part(trial, seed), range(first, first + executions, AT_ONCE)):
            problems += found
            for name, number in met.items():
                sums[name] = sums.get(name, 0) + number
    trial.note(executions=executions, **sums)
    rare = [name for name, least in LEAST.items() if sums.get(name, 0) < least * executions // 1_000]
    if rare and not problems:
        raise Void(f"too few of {', '.join(rare)}")
    return problems
