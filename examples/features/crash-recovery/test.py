"""Starts the program twice, and judges by the files and the database, not by what the library says of itself."""

import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile

RESULTS = 50 * 3


def lines(path: pathlib.Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


with tempfile.TemporaryDirectory(prefix="cloacina-crash-") as scratch:
    here = pathlib.Path(scratch)
    program = pathlib.Path(sys.argv[1]).resolve()
    first = subprocess.run([program], cwd=here, timeout=80, check=False)
    if first.returncode != -signal.SIGKILL:
        sys.exit(f"the first start ended with {first.returncode}, expected SIGKILL")
    produced_before = lines(here / "produced.txt")
    recorded_before = set(lines(here / "recorded.txt"))
    if not 0 < len(recorded_before) < RESULTS:
        sys.exit(f"the first start stored {len(recorded_before)} results: it did not die in the middle")

    second = subprocess.run([program], cwd=here, timeout=80, check=False, stdout=subprocess.PIPE, text=True)
    print(second.stdout, end="")
    if second.returncode != 0:
        sys.exit(f"the second start ended with {second.returncode}, expected 0")
    produced_after = lines(here / "produced.txt")[len(produced_before):]

    again = recorded_before & set(produced_after)
    if again:
        sys.exit(f"stored before the crash, and produced again: {sorted(again)}")
    if set(produced_before) | set(produced_after) != set(lines(here / "recorded.txt")):
        sys.exit("what was produced and what was recorded are not the same results")
    if len(set(lines(here / "recorded.txt"))) != RESULTS:
        sys.exit(f"{len(set(lines(here / 'recorded.txt')))} results are recorded, expected {RESULTS}")
    database = sqlite3.connect(here / "crash-recovery.db")
    states = database.execute("SELECT status, count(*) FROM workflow_executions GROUP BY 1").fetchall()
    if states != [("Completed", 50)]:
        sys.exit(f"the database holds {states}, expected 50 Completed executions")
