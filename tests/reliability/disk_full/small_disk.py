"""A disk of a few megabytes, which fills and is emptied at will."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import subprocess

from trial import Trial, Void

PAGE = 4096
# As root; as root below a chroot, whose root is no mount point; as anybody where users may have namespaces.
WAYS = [([], []), ([], ["--propagation", "unchanged"]), (["--map-root-user"], [])]


class SmallDisk:
    """A tmpfs in a mount namespace of its own, which ends with this process, however that ends."""

    def __init__(self, trial: Trial, place: pathlib.Path, megabytes: int) -> None:
        self.trial, self.place = trial, place
        self.place.mkdir()
        mount = f"mount -t tmpfs -o size={megabytes}m none '{self.place}' && echo mounted && read end"
        refusals = []
        for mapped, propagation in WAYS:
            namespaces = ["--mount", *(["--user"] if mapped else [])]
            self.holder = subprocess.Popen(["unshare", *mapped, *namespaces, *propagation, "sh", "-c", mount], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if self.holder.stdout.readline() == "mounted\n":
                self.enter = ["nsenter", "--target", str(self.holder.pid), *namespaces, "--root", "--wd"]
                if mapped:
                    self.enter.append("--preserve-credentials")
                self.inside = pathlib.Path(f"/proc/{self.holder.pid}/root{self.place}")
                return
            refusals.append(self.holder.communicate()[1].strip())
        raise Void(f"no small disk can be mounted: {refusals}; expected root, in a container with the capability SYS_ADMIN, "
                   "or a user who may make namespaces")

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.holder.communicate()  # its input ends, and so does it

    def start(self, *words: object, log: pathlib.Path) -> subprocess.Popen:
        """The program of this trial, with this disk before its eyes."""
        with log.open("ab") as output:
            return subprocess.Popen([*self.enter, self.trial.program("disk_full"), *map(str, words)],
                                    env=self.trial.environment(), stdout=output, stderr=output)

    def ask(self, *words: object) -> str:
        return subprocess.run([*self.enter, self.trial.program("disk_full"), *map(str, words)], env=self.trial.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False).stdout

    def fill(self) -> None:
        """To the last page, with what was freed since the last time."""
        with (self.inside / "filler").open("ab", buffering=0) as filler:
            for size in (1 << 20, PAGE):
                try:
                    while True:
                        filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        os.unlink(self.inside / "filler")

    def copy_out(self, name: str, target: pathlib.Path) -> None:
        """SQLite would follow the link of /proc to a place that is not there."""
        for path in self.inside.glob(f"{name}*"):
            shutil.copy(path, target / path.name)
