"""Two files without a URL; with the server of the tests two schemas, of which nothing is left."""

import os
import pathlib
import subprocess
import sys
import tempfile

EXPECTED = "acme has 3 executions, globex 1: invoice over 7\nacme does not see what globex runs\n"
SERVER = os.environ.get("CLOACINA_TEST_POSTGRES_URL")


def run(directory: str, *arguments: str) -> None:
    answer = subprocess.run([pathlib.Path(sys.argv[1]).resolve(), *arguments], cwd=directory, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=100, check=False)
    if answer.returncode != 0 or answer.stdout != EXPECTED:
        sys.exit(f"multi_tenant ended with {answer.returncode}:\n{answer.stdout}")


with tempfile.TemporaryDirectory(prefix="cloacina-multi-tenant-") as scratch:
    run(scratch)
    made = sorted(path.name for path in pathlib.Path(scratch).glob("*.db"))
    if made != ["acme.db", "globex.db"]:
        sys.exit(f"expected a file for each tenant, found {made}")
    if SERVER:
        suffix = f"_{os.getpid()}"
        run(scratch, SERVER, suffix)
        left = subprocess.run(["psql", SERVER, "--tuples-only", "--no-align", "--command",
                               f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '%{suffix}' UNION ALL "
                               f"SELECT rolname FROM pg_roles WHERE rolname LIKE '%{suffix}%'"],
                              stdout=subprocess.PIPE, text=True, timeout=30, check=True).stdout.split()
        if left:
            sys.exit(f"expected nothing left on the server, found {left}")
