"""Server crash: the server stops at once under the load of four processes, recovers, and all of them go on."""

from __future__ import annotations

import pathlib
import signal
import sys
import tempfile

from databases import PostgresSchema
from storm import storm
from trial import Trial

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "cmake" / "dev"))
import postgres

BACKENDS = ("postgres",)
MUTANTS = {"commits_in_memory": "synchronous_commit: what a caller was told to be stored is on the disk"}
# What a server forgets is not a rule that the library breaks in its own tables: callers were told of more than there is.
NOTICED_BY = {"commits_in_memory": ("accepted", "bodies", "ended", "inputs")}


class Server:
    """A server of the trial's own, which the tests' one is not: it crashes."""

    def __init__(self) -> None:
        self.cluster = postgres.Cluster(pathlib.Path(tempfile.mkdtemp(prefix="cloacina-postgres-", dir="/tmp")))
        self.cluster.create()
        self.start()

    def start(self) -> None:
        self.process = self.cluster.start_as_child()

    def crash(self) -> None:
        self.process.send_signal(signal.SIGQUIT)  # no checkpoint, no goodbye
        self.process.wait(postgres.PATIENCE)

    def remove(self) -> None:
        self.crash()
        self.cluster.remove()


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((6, 90.0), (100, 840.0), (1_000, 10_800.0))
    return_s = trial.by_scale(10.0, 5.0, 5.0)  # quick shares its machine with other suites
    server = Server()
    try:
        off = "&unsafe_server=true&options=-c%20synchronous_commit%3Doff" if trial.mutant else ""
        database = PostgresSchema("storm", server.cluster.url, off)
        return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=0.8, stalls=0.0, cluster=server, return_s=return_s),
                         database)
    finally:
        server.remove()
