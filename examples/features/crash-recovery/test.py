"""Starts the program twice, and judges by the database and the files, not by what the library says of itself."""

import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid

RESULTS = 50 * 3


def lines(path: pathlib.Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def stored(path: pathlib.Path) -> dict[str, str]:
    """Result → its stored value."""
    database = sqlite3.connect(path)
    found = database.execute("SELECT execution_id, task, delta FROM task_executions WHERE status = 'Completed'")
    results = {f"{uuid.UUID(bytes=identity)}/{task}": delta for identity, task, delta in found}
    database.close()
    return results


with tempfile.TemporaryDirectory(prefix="cloacina-crash-") as scratch:
    here = pathlib.Path(scratch)
    program = pathlib.Path(sys.argv[1]).resolve()
    first = subprocess.run([program], cwd=here, timeout=80, check=False)
    if first.returncode != -signal.SIGKILL:
        sys.exit(f"the first start ended with {first.returncode}, expected SIGKILL")
    produced_before = lines(here / "produced.txt")
    stored_before = stored(here / "crash-recovery.db")
    if not 0 < len(stored_before) < RESULTS:
        sys.exit(f"the first start stored {len(stored_before)} results: it did not die in the middle")
    if not set(lines(here / "recorded.txt")) <= set(stored_before):
        sys.exit("the observer was told of a result that is not stored")

    second = subprocess.run([program], cwd=here, timeout=80, check=False, stdout=subprocess.PIPE, text=True)
    print(second.stdout, end="")
    if second.returncode != 0:
        sys.exit(f"the second start ended with {second.returncode}, expected 0")
    produced_after = lines(here / "produced.txt")[len(produced_before):]
    stored_after = stored(here / "crash-recovery.db")

    again = set(stored_before) & set(produced_after)
    if again:
        sys.exit(f"stored before the crash, and produced again: {sorted(again)}")
    if not stored_before.items() <= stored_after.items():
        sys.exit("a result that was stored before the crash is another one now")
    if len(stored_after) != RESULTS or set(produced_before) | set(produced_after) != set(stored_after):
        sys.exit(f"{len(stored_after)} results are stored, expected {RESULTS}, each produced by a body")
