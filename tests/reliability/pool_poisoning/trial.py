"""Pool poisoning: sessions of two tenants go from hand to hand, with errors between the reads, direct and through a pooler.

The pooler (PgBouncer, in transaction mode) gives both tenants the same few server sessions, of one role that may read both.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

from tenant_attack.trial import call, psql
from trial import Trial, Void

BACKENDS = ("postgres",)
MUTANTS = {"session_search_path": "a statement names the schema that it means, whatever session it runs on"}

SLEEPS_MS = 200  # then the server ends a statement
ERRORS = 0.03    # of the reads at least; about one in twenty is meant to have one before it


class Tenants:
    """Two, and a role that is a member of both of theirs."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.admin = os.environ["CLOACINA_TEST_POSTGRES_URL"]
        self.names = [f"{name}_{os.getpid()}" for name in ("left", "right")]
        self.both = f"both_{os.getpid()}"
        self.password = f"{trial.dice.getrandbits(128):x}"

    def __enter__(self) -> Tenants:
        self.urls = [call(self.trial, "create", self.admin, name) for name in self.names]
        for role in self.names:
            self.sql(f"ALTER ROLE {role} SET statement_timeout TO {SLEEPS_MS}")
        self.sql(f"CREATE ROLE {self.both} LOGIN PASSWORD '{self.password}'")
        self.sql(f"ALTER ROLE {self.both} SET statement_timeout TO {SLEEPS_MS}")
        self.sql(f"GRANT {', '.join(self.names)} TO {self.both}")
        return self

    def __exit__(self, *_) -> None:
        psql(self.admin, f"DROP ROLE IF EXISTS {self.both}")
        for name in self.names:
            subprocess.run([self.trial.program("tenant_attack"), "remove", self.admin, name], timeout=60, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sql(self, text: str) -> None:
        if (answer := psql(self.admin, text)).returncode != 0:
            raise Void(f"{text}: {answer.stdout}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def pooler(tenants: Tenants):
    """Its URL, for the role of both."""
    server = urllib.parse.urlsplit(tenants.admin)
    port = free_port()
    # PgBouncer refuses to run as root, and its user may have no way to the trial's directory.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="cloacina-pooler-", dir="/tmp"))
    (directory / "users").write_text(f'"{tenants.both}" "{tenants.password}"\n', encoding="ascii")
    (directory / "ini").write_text(
        f"[databases]\n* = host={server.hostname} port={server.port or 5432}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
        f"auth_file = {directory / 'users'}\npool_mode = transaction\ndefault_pool_size = 4\n", encoding="ascii")
    runs_as = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in (directory, *directory.iterdir()):
            os.chown(path, user.pw_uid, user.pw_gid)
        runs_as = {"user": "postgres", "group": "postgres"}
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(["pgbouncer", str(directory / "ini")], stdin=subprocess.DEVNULL, stdout=log, stderr=log, **runs_as)
    try:
        wait_for(process, port, directory / "log")
        yield f"postgres://{tenants.both}:{tenants.password}@127.0.0.1:{port}{server.path}"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(directory)


def wait_for(process: subprocess.Popen, port: int, log: pathlib.Path) -> None:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise Void(f"the pooler did not start: {log.read_text()[-300:]}")


def read(trial: Trial, tenants: Tenants, urls: list[str], ids: str, checkouts: int) -> dict:
    of = [word for pair in zip(urls, tenants.names) for word in pair]
    answer = subprocess.run([trial.program("pool_poisoning"), "read", str(trial.seed), str(checkouts), *of], input=ids,
                            env=trial.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            timeout=60 + checkouts, check=False)
    if answer.returncode != 0:
        raise Void(f"ended with {answer.returncode}: {answer.stderr[-500:]}")
    return json.loads(answer.stdout.splitlines()[-1])


def fill(trial: Trial, tenants: Tenants) -> str:
    lines = []
    for number, (url, name) in enumerate(zip(tenants.urls, tenants.names)):
        answer = subprocess.run([trial.program("pool_poisoning"), "fill", url, name], env=trial.environment(),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if answer.returncode != 0:
            raise Void(f"nothing to read: {answer.stderr[-300:]}")
        lines += [f"{number} {id}" for id in answer.stdout.split()]
    return "\n".join(lines) + "\n"


def run(trial: Trial) -> list[str]:
    checkouts = trial.by_scale(150, 1_500, 10_000)  # of each of eight threads of each tenant
    problems: list[str] = []
    with Tenants(trial) as tenants, pooler(tenants) as shared:
        ids = fill(trial, tenants)
        # No state of a session is relied upon; the role's time limit holds.
        ways = {"direct": [f"{url}&listen=false" for url in tenants.urls],
                "pooled": [f"{shared}?schema={name}&listen=false&prepare=false" for name in tenants.names]}
        for way, urls in ways.items():
            seen = read(trial, tenants, urls, ids, checkouts)
            problems += [f"mismatch: {way}, {seen['mismatches']} in all: {example}" for example in seen.pop("examples")]
            trial.note(**{f"{way}_{name}": value for name, value in seen.items()})
            if not problems and (seen["errors"] < ERRORS * seen["reads"] or seen["reads"] < 16 * checkouts // 2):
                raise Void(f"{way}: {seen}")
    return problems
