"""Three files without a URL; with the server of the tests three schemas."""

import os
import pathlib
import subprocess
import sys
import tempfile

EXPECTED = """\
tokyo, Asia/Tokyo: 2026-03-27T09:00:00+00:00
tokyo, Asia/Tokyo: 2026-03-30T09:00:00+00:00
paris, Europe/Paris: 2026-03-27T17:00:00+00:00
paris, Europe/Paris: 2026-03-30T16:00:00+00:00
new_york, America/New_York: 2026-03-27T22:00:00+00:00
new_york, America/New_York: 2026-03-30T22:00:00+00:00
fired by the clock: paris, Europe/Paris
fired by the clock: new_york, America/New_York
fired in tokyo, which is paused: 0
tokyo has schedules: 1
paris has schedules: 1
new_york has schedules: 1
tokyo does not see that of paris
"""
SERVER = os.environ.get("CLOACINA_TEST_POSTGRES_URL")
TENANTS = ["new_york", "paris", "tokyo"]


def run(directory: str, *arguments: str) -> None:
    answer = subprocess.run([pathlib.Path(sys.argv[1]).resolve(), *arguments], cwd=directory, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=80, check=False)
    if answer.returncode != 0 or answer.stdout != EXPECTED:
        sys.exit(f"multi_tenant_schedules ended with {answer.returncode}:\n{answer.stdout}")


with tempfile.TemporaryDirectory(prefix="cloacina-schedules-") as scratch:
    run(scratch)
    made = sorted(path.name for path in pathlib.Path(scratch, "shops").glob("*.db"))
    if made != [f"{tenant}.db" for tenant in TENANTS]:
        sys.exit(f"expected a file for each tenant, found {made}")
    if SERVER:
        suffix = f"_{os.getpid()}"
        try:
            run(scratch, SERVER, suffix)
        finally:
            drop = "".join(f"DROP SCHEMA IF EXISTS {tenant}{suffix} CASCADE;" for tenant in TENANTS)
            subprocess.run(["psql", "-X", "-q", SERVER, "-c", "SET client_min_messages TO error;" + drop], timeout=30, check=True)
