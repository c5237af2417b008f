"""Kill storm: one of four processes on one database is killed, or stalled, at random moments under load."""

from __future__ import annotations

from storm import storm
from trial import Trial

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"no_fence": "R1: a runner that was declared dead goes on writing"}


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((130 if trial.backend == "sqlite" else 120, 200.0), (3_000, 1_200.0), (100_000, 86_400.0))
    return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=0.14, stalls=0.12))
