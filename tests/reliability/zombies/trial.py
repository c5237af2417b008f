"""Zombies: processes are stopped for longer than their lease, and go on as somebody that was declared dead."""

from __future__ import annotations

from storm import storm
from trial import Trial

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"no_fence": "R1: a runner that was declared dead goes on writing"}


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((40 if trial.backend == "sqlite" else 24, 100.0), (500, 420.0), (5_000, 7_200.0))
    return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=0.4, stalls=1.0))
