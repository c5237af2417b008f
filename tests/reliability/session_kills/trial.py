"""Session kills: sessions of four processes are ended by the server, in whatever state they are."""

from __future__ import annotations

from storm import storm
from trial import Trial

BACKENDS = ("postgres",)
MUTANTS = {"no_retry": "what was asked of a session that is lost is asked again"}
NOTICED_BY = {"no_retry": ("exit",)}  # a caller was told, which ends the process


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((60, 60.0), (1_000, 600.0), (2_000, 3_600.0))
    return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=0.2, stalls=0.0, sessions=True))
