"""Promotion: the server is lost under the load of four processes, its standby takes its place, and all of them find it."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from databases import PostgresSchema
from storm import storm
from trial import Trial

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "cmake" / "dev"))
import postgres

BACKENDS = ("postgres",)
MUTANTS = {"asynchronous_standby": "synchronous_standby_names: what a caller was told to be stored is on the standby's disk too"}
# What a standby never got is not a rule that the library breaks in its own tables: callers were told of more than there is.
NOTICED_BY = {"asynchronous_standby": ("accepted", "bodies", "ended", "inputs")}

LAG_S = 0.3  # the standby gets nothing for so long before the server is lost


class Pair:
    """A server and its standby, which take turns."""

    def __init__(self, synchronous: bool) -> None:
        self.primary, self.standby = (
            postgres.Cluster(pathlib.Path(tempfile.mkdtemp(prefix="cloacina-postgres-", dir="/tmp"))) for _ in range(2))
        self.primary.create()
        with (self.primary.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("wal_keep_size = '256MB'\n" + ("synchronous_standby_names = '*'\n" if synchronous else ""))
        self.processes: dict[postgres.Cluster, subprocess.Popen] = {self.primary: self.primary.start_as_child()}
        self.make_standby()
        host = f"127.0.0.1:{self.primary.port}"
        self.url = self.primary.url.replace(host, f"{host},127.0.0.1:{self.standby.port}") + "?target_session_attrs=read-write"

    def make_standby(self) -> None:
        self.standby.create_as_standby_of(self.primary)
        self.processes[self.standby] = self.standby.start_as_child()

    def crash(self) -> None:
        """While the standby is behind: a caller who is told then was told of what only one disk has."""
        receiver = next(int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit() and self.is_receiver(entry))
        os.kill(receiver, signal.SIGSTOP)
        time.sleep(LAG_S)
        self.stop(self.primary)
        os.kill(receiver, signal.SIGCONT)

    def is_receiver(self, process: pathlib.Path) -> bool:
        try:
            words = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has ended
            return False
        return parent == self.processes[self.standby].pid and b"walreceiver" in words

    def start(self) -> None:
        """The standby takes over, and gets a standby of its own where the lost server was."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.standby.remove()
        self.make_standby()

    def stop(self, cluster: postgres.Cluster) -> None:
        process = self.processes.pop(cluster)
        process.send_signal(signal.SIGQUIT)  # no checkpoint, no goodbye
        process.wait(postgres.PATIENCE)

    def remove(self) -> None:
        for cluster in list(self.processes):
            self.stop(cluster)
        for cluster in (self.primary, self.standby):
            cluster.remove()


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((2, 90.0), (40, 840.0), (200, 7_200.0))
    servers = Pair(synchronous=not trial.mutant)
    try:
        return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=1.5, stalls=0.0, cluster=servers, return_s=10.0),
                         PostgresSchema("storm", servers.url))
    finally:
        servers.remove()
