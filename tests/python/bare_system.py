"""A Debian with Python and nothing else, of the release of this machine: for the test of the wheel.

usage: bare_system.py  makes it, once, in build/; that takes a minute or more
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Optional

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "bare-system.tar"
WHERE_RUN = "program"  # below the root of the system

# The mount is this process's alone, and is gone with it.
ENTER = 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"'


def _mirror() -> Optional[str]:
    """Where this machine has its packages from."""
    sources = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    for source in sources:
        text = source.read_text(encoding="utf-8", errors="replace") if source.is_file() else ""
        found = re.search(r"(?m)^(?:URIs: *|deb (?:\[[^\]]*\] )?)(\S+/debian)/?(?: |$)", text)
        if found:
            return found[1]
    return None


def why_not() -> str:
    """Why there can be no such system here; "" if there can."""
    told = _release()
    if told.get("ID") != "debian" or "VERSION_CODENAME" not in told:
        return f"a bare system needs Debian, this is {told.get('PRETTY_NAME', 'unknown')}"
    if os.geteuid() != 0:
        return "a bare system needs root: it is made by debootstrap and entered by chroot"
    if shutil.which("debootstrap") is None:
        return "a bare system needs debootstrap, which is not installed"
    return ""


def _release() -> dict[str, str]:
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    return dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', text))


def make() -> None:
    with tempfile.TemporaryDirectory(prefix="cloaca-bare-", ignore_cleanup_errors=True) as scratch:
        place, part = pathlib.Path(scratch, "system"), KEPT.with_suffix(".part")
        command = ["debootstrap", "--variant=minbase", "--include=python3-pip", _release()["VERSION_CODENAME"], str(place)]
        mirror = _mirror()
        made = subprocess.run([*command, *([mirror] if mirror else [])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=900, check=False)
        if made.returncode != 0:
            sys.exit(f"{made.stdout[-2000:]}\ndebootstrap ended with {made.returncode}")
        KEPT.parent.mkdir(exist_ok=True)
        subprocess.run(["tar", "-C", str(place), "--exclude=./var/cache/apt/archives/*.deb", "-cf", str(part), "."], timeout=120,
                       check=True)
        part.rename(KEPT)


class System:
    """A fresh one, unpacked into a directory that is not there yet."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        (place / WHERE_RUN).mkdir(parents=True)
        subprocess.run(["tar", "-C", str(place), "-xf", str(KEPT)], timeout=120, check=True)
        version = "import sys, platform; print(*sys.version_info[:2], *platform.libc_ver()[1].split('.'))"
        said = tuple(self.run("python3", "-c", version).split())
        self.python, self.c_library = said[:2], said[2:]

    def put(self, file: pathlib.Path) -> None:
        shutil.copy(file, self.place / WHERE_RUN)

    def write(self, name: str, text: str) -> None:
        (self.place / WHERE_RUN / name).write_text(text, encoding="utf-8")

    def run(self, *command: str) -> str:
        """In WHERE_RUN; what it said."""
        entered = ["unshare", "--mount", "sh", "-c", ENTER, str(self.place), "/usr/bin/env", "--ignore-environment",
                   f"--chdir=/{WHERE_RUN}", "PATH=/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8", *command]
        answer = subprocess.run(entered, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                text=True, timeout=60, check=False)
        assert answer.returncode == 0, f"{' '.join(command)} ended with {answer.returncode}:\n{answer.stdout}"
        return answer.stdout.strip()

    def remove(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)


if __name__ == "__main__":
    if why_not():
        print(f"Not made: {why_not()}")
    elif not KEPT.exists():
        print("Making a bare system to try the wheel in", flush=True)
        make()
