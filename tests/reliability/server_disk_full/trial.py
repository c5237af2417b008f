"""Server disk full: the server's disk fills under the load of four processes, and has room again; all of them go on."""

from __future__ import annotations

import ctypes
import errno
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tempfile
import time

from databases import PostgresSchema
from storm import storm
from trial import Trial, Void

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "cmake" / "dev"))
import postgres

BACKENDS = ("postgres",)
MUTANTS = {"pauses_of_20_s": "who waits for the database tries again after a second at most"}
NOTICED_BY = {"pauses_of_20_s": ("return",)}

MEGABYTES = 256
FULL_S = 1.5  # at least; what the server frees meanwhile is taken as well
CLONE_NEWNS = 0x20000


def mount_small_disk(place: pathlib.Path) -> None:
    """Seen by this process and its children alone, and gone with them."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise Void(f"no mount namespace: {os.strerror(ctypes.get_errno())}; expected root, in a container with the capability SYS_ADMIN")
    subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.DEVNULL, check=False)  # below a chroot, / is no mount
    owner = pwd.getpwnam("postgres")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,uid={owner.pw_uid},gid={owner.pw_gid}", "none", str(place)], check=True)


class FullDisk:
    """A server on a disk of its own, which fills."""

    def __init__(self) -> None:
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="cloacina-postgres-", dir="/tmp"))
        mount_small_disk(self.place)
        self.cluster = postgres.Cluster(self.place)
        self.cluster.create()
        with (self.cluster.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
            file.write("min_wal_size = '32MB'\nmax_wal_size = '48MB'\nwal_recycle = off\n")
        self.server = self.cluster.start_as_child()
        self.faults = self.ended_by_itself = 0

    def crash(self) -> None:
        until = time.monotonic() + FULL_S
        with (self.place / "filler").open("ab", buffering=0) as filler:
            while time.monotonic() < until:
                for size in (1 << 20, 4096):
                    fill(filler, size)
                time.sleep(0.005)
        self.faults += 1
        if self.faults % 2 == 0:  # a server whose log has no room for its next file ends; else tables have none
            subprocess.run(["psql", "--quiet", self.cluster.url, "--command", "SELECT pg_switch_wal()"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=postgres.PATIENCE, check=False)
            self.server.wait(postgres.PATIENCE)

    def start(self) -> None:
        """There is room again. A server that could not write its log has ended, and is started as an administrator would."""
        (self.place / "filler").unlink()
        if self.server.poll() is not None:
            self.ended_by_itself += 1
            self.server = self.cluster.start_as_child()

    def remove(self) -> None:
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait(postgres.PATIENCE)
        subprocess.run(["umount", str(self.place)], check=True)
        self.place.rmdir()


def fill(file, piece: int) -> None:
    try:
        while True:
            file.write(bytes(piece))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def run(trial: Trial) -> list[str]:
    wanted, limit_s = trial.by_scale((3, 60.0), (60, 840.0), (300, 7_200.0))
    disk = FullDisk()
    try:
        return storm.run(trial, storm.Faults(wanted, limit_s, pause_s=0.8, stalls=0.0, cluster=disk, return_s=5.0),
                         PostgresSchema("storm", disk.cluster.url))
    finally:
        trial.note(server_ended=disk.ended_by_itself)
        disk.remove()
