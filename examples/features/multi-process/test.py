"""Starts the program in a directory of its own, and judges by the database: who was lost, and that nothing else was."""

import pathlib
import sqlite3
import subprocess
import sys
import tempfile

with tempfile.TemporaryDirectory(prefix="cloacina-multi-process-") as scratch:
    here = pathlib.Path(scratch)
    program = pathlib.Path(sys.argv[1]).resolve()
    run = subprocess.run([program], cwd=here, timeout=120, check=False, stdout=subprocess.PIPE, text=True)
    print(run.stdout, end="")
    if run.returncode != 0:
        sys.exit(f"it ended with {run.returncode}, expected 0")
    database = sqlite3.connect(here / "multi-process.db")

    def number(sql: str) -> int:
        return int(database.execute(sql).fetchone()[0])

    if number("SELECT count(*) FROM workflow_executions WHERE status = 'Completed' AND owner IS NULL") != 90:
        sys.exit("not every execution is Completed")
    if number("SELECT count(*) FROM runners WHERE state = 'dead'") != 1:
        sys.exit("not one runner was declared dead")
    if number("SELECT count(*) FROM runners WHERE state = 'stopped'") != 2:
        sys.exit("the others did not stop properly")
    if number("SELECT count(*) FROM workflow_executions WHERE takeovers > 0") == 0:
        sys.exit("nothing was taken over")
    if number("SELECT count(*) FROM task_executions WHERE attempt > 1 OR crashes > 0") != 0:
        sys.exit("the loss of a runner was counted as a failure of its tasks")
    if "dead" not in run.stdout:
        sys.exit("the table does not show the runner that was lost")
