"""A PostgreSQL server to work with: a cluster of its own on loopback, started with the machine's own binaries.

usage: postgres.py run -- COMMAND…     for COMMAND: CLOACINA_TEST_POSTGRES_URL is the URL of a throw-away server, unless it is
                                       set, and CLOACINA_TEST_PGBOUNCER_URL that of a pooler before it, if PgBouncer is here
       postgres.py up DIRECTORY        one that stays until it is told to go; prints its URL
       postgres.py down DIRECTORY      stops it and removes its data
       postgres.py status DIRECTORY    prints its URL, or says that there is none (exit status 1)

PostgreSQL refuses to run as root: then it runs as the user postgres. With PG_BINDIR set, its binaries are taken from there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

# Enough for tests that run side by side; the rest is as the server has it: durable.
SETTINGS = {"max_connections": "300", "shared_buffers": "128MB", "listen_addresses": "127.0.0.1",
            "logging_collector": "off", "log_min_messages": "warning", "max_prepared_transactions": "10"}
# A server connection belongs to a client for one transaction: what needs more of it than that breaks.
POOLER = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = 10
max_client_conn = 300
ignore_startup_parameters = extra_float_digits
"""
PATIENCE = 60.0
PR_SET_PDEATHSIG = 1


class Cluster:
    """One data directory, and the server that runs on it."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.url_file = directory / "url"
        self.log = directory / "log"

    def create(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        password = secrets.token_hex(16)
        secret = self.directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(password + "\n", encoding="ascii")
        self._give_to_owner()
        as_owner([binary("initdb"), "--pgdata", str(self.data), "--username", "cloacina", "--pwfile", str(secret),
                  "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-instructions"])
        self.port = free_port()
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        lines += [f"port = {self.port}", f"unix_socket_directories = '{self.directory}'"]
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.url = f"postgres://cloacina:{password}@127.0.0.1:{self.port}/postgres"
        self.url_file.touch(mode=0o600)
        self.url_file.write_text(self.url + "\n", encoding="ascii")
        self._give_to_owner()

    def create_as_standby_of(self, primary: Cluster) -> None:
        """A copy of it as it is now, that goes on with what it writes; at its port, if it had one."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._give_to_owner()
        as_owner([binary("pg_basebackup"), "--dbname", primary.url, "--pgdata", str(self.data), "--checkpoint", "fast",
                  "--write-recovery-conf"])
        self.port = getattr(self, "port", None) or free_port()
        with (self.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write(f"port = {self.port}\nunix_socket_directories = '{self.directory}'\n")
        self.url = primary.url.replace(f":{primary.port}/", f":{self.port}/")

    def promote(self) -> None:
        as_owner([binary("pg_ctl"), "promote", "--pgdata", str(self.data), "--silent", "--wait"])

    def _give_to_owner(self) -> None:
        give_to_owner(self.directory, *self.directory.iterdir())

    def start(self) -> None:
        as_owner([binary("pg_ctl"), "start", "--pgdata", str(self.data), "--log", str(self.log), "--silent", "--wait"])

    def start_as_child(self) -> subprocess.Popen[bytes]:
        """Ends with this process, however that ends."""
        return start_as_child([binary("postgres"), "-D", str(self.data)], self.port, self.log)

    def stop(self) -> None:
        as_owner([binary("pg_ctl"), "stop", "--pgdata", str(self.data), "--mode", "fast", "--silent", "--wait"])

    def is_running(self) -> bool:
        return self.data.exists() and as_owner([binary("pg_ctl"), "status", "--pgdata", str(self.data)],
                                               check=False) == 0

    def remove(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


class Pooler:
    """PgBouncer in transaction mode before a server, for the server's own user."""

    def __init__(self, program: str, directory: pathlib.Path, server: str) -> None:
        parts = urllib.parse.urlsplit(server)
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        own_port = free_port()
        self.url = server.replace(parts.netloc.rpartition("@")[2], f"127.0.0.1:{own_port}")
        users, settings = directory / "users", directory / "settings"
        users.touch(mode=0o600)
        users.write_text(f'"{user}" "{password}"\n', encoding="utf-8")
        settings.write_text(POOLER.format(host=parts.hostname, port=parts.port or 5432, own_port=own_port, users=users),
                            encoding="utf-8")
        give_to_owner(directory, users, settings)
        self._process = start_as_child([program, "--quiet", str(settings)], own_port, directory / "log")

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)  # at once: nobody is waited for
        self._process.wait(PATIENCE)


def binary(name: str) -> str:
    places = [pathlib.Path(os.environ["PG_BINDIR"])] if "PG_BINDIR" in os.environ else sorted(
        pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for place in places:
        if (place / name).exists():
            return str(place / name)
    found = shutil.which(name)
    if not found:
        sys.exit(f"postgres.py: no {name} here. Debian and Ubuntu: apt-get install postgresql; elsewhere set PG_BINDIR, or "
                 "CLOACINA_TEST_POSTGRES_URL to the URL of a server")
    return found


def owner() -> dict[str, str]:
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def as_owner(command: list[str], check: bool = True) -> int:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd="/", check=False, **owner())
    if check and done.returncode != 0:
        sys.exit(f"postgres.py: {pathlib.Path(command[0]).name} failed:\n{done.stdout}")
    return done.returncode


def give_to_owner(*paths: pathlib.Path) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def start_as_child(command: list[str], port: int, log_file: pathlib.Path) -> subprocess.Popen[bytes]:
    """A server that ends with this process, however that ends; returns when it takes connections."""
    with log_file.open("ab") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                  preexec_fn=die_with_parent, **owner())
    deadline = time.monotonic() + PATIENCE
    while subprocess.run([binary("pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)],
                         check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            sys.exit(f"postgres.py: {command[0]} did not start:\n" + log_file.read_text(encoding="utf-8"))
        time.sleep(0.05)
    return server


def die_with_parent() -> None:
    # A fast shutdown; set after the user was changed, which would clear it.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    os.setpgid(0, 0)  # Ctrl-C is for this program, which then stops the server


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def scratch_directory(name: str):
    # Not under the build directory: the user postgres may have no way there.
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"cloacina-{name}-", dir="/tmp"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def throw_away_server():
    """Yields the URL of a server that exists for so long."""
    with scratch_directory("postgres") as directory:
        cluster = Cluster(directory)
        cluster.create()
        server = cluster.start_as_child()
        try:
            yield cluster.url
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(PATIENCE)


@contextlib.contextmanager
def pooler_before(server: str):
    """Yields the URL of a PgBouncer, or nothing where there is none."""
    program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        yield ""
        return
    with scratch_directory("pgbouncer") as directory:
        pooler = Pooler(program, directory, server)
        try:
            yield pooler.url
        finally:
            pooler.stop()


def run(command: list[str]) -> int:
    with contextlib.ExitStack() as servers:
        url = os.environ.get("CLOACINA_TEST_POSTGRES_URL") or servers.enter_context(throw_away_server())
        pooler_url = servers.enter_context(pooler_before(url))
        return subprocess.run(command, check=False, env={**os.environ, "CLOACINA_TEST_POSTGRES_URL": url,
                                                         "CLOACINA_TEST_PGBOUNCER_URL": pooler_url}).returncode


def up(directory: pathlib.Path) -> int:
    cluster = Cluster(directory)
    if not cluster.is_running():
        if not cluster.url_file.exists():
            cluster.remove()
            cluster.create()
        cluster.start()
    return status(directory)


def down(directory: pathlib.Path) -> int:
    cluster = Cluster(directory)
    if cluster.is_running():
        cluster.stop()
    cluster.remove()
    print("The server is stopped and its data are removed.")
    return 0


def status(directory: pathlib.Path) -> int:
    cluster = Cluster(directory)
    if not cluster.is_running():
        print("No server is running.")
        return 1
    print(cluster.url_file.read_text(encoding="ascii").strip())
    return 0


def main() -> int:
    words = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if len(words) > 2 and words[:2] == ["run", "--"]:
        return run(words[2:])
    commands = {"up": up, "down": down, "status": status}
    if len(words) == 2 and words[0] in commands:
        return commands[words[0]](pathlib.Path(words[1]))
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
