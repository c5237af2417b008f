"""Disk full and I/O errors: callers get a clear error or success, nothing acknowledged is lost, and it goes on with the room."""

from __future__ import annotations

from disk_full.full_disk import run_rounds
from disk_full.points import run_points
from trial import Trial

MUTANTS = {"commit_swallowed": "a COMMIT that fails is not taken for one that succeeded",
           "pauses_of_20_s": "who waits for the database tries again after a second at most"}
# The runner finds that its counter is not what it committed, and aborts; or what was accepted is gone.
NOTICED_BY = {"commit_swallowed": {"exit", "lost"}}


def run(trial: Trial) -> list[str]:
    return run_rounds(trial) or run_points(trial)
