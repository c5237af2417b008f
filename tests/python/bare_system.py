"""A Debian with Python and nothing else, of the release of this machine: for the test of the wheel."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
from typing import Iterator, Optional

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHERE_RUN = "program"  # below the root of the system


def _mirror() -> Optional[str]:
    """Where this machine has its packages from."""
    sources = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    for source in sources:
        text = source.read_text(encoding="utf-8", errors="replace") if source.is_file() else ""
        found = re.search(r"(?m)^(?:URIs: *|deb (?:\[[^\]]*\] )?)(\S+/debian)/?(?: |$)", text)
        if found:
            return found[1]
    return None


def _release() -> str:
    """Its code name; skips where there can be no such system."""
    text = pathlib.Path("/etc/os-release").read_text(encoding="utf-8")
    told = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', text))
    if told.get("ID") != "debian" or "VERSION_CODENAME" not in told:
        pytest.skip(f"needs Debian, this is {told.get('PRETTY_NAME', 'unknown')}")
    if os.geteuid() != 0:
        pytest.skip("needs root: a bare system is made by debootstrap and entered by chroot")
    if shutil.which("debootstrap") is None:
        pytest.skip("needs debootstrap")
    return told["VERSION_CODENAME"]


class System:
    def __init__(self, name: str, place: pathlib.Path) -> None:
        self.name, self.place = name, place
        (place / WHERE_RUN).mkdir()
        version = "import sys, platform; print(*sys.version_info[:2], *platform.libc_ver()[1].split('.'))"
        said = tuple(self.run("python3", "-c", version).split())
        self.python, self.c_library = said[:2], said[2:]

    def put(self, file: pathlib.Path) -> None:
        shutil.copy(file, self.place / WHERE_RUN)

    def write(self, name: str, text: str) -> None:
        (self.place / WHERE_RUN / name).write_text(text, encoding="utf-8")

    def run(self, *command: str) -> str:
        """In WHERE_RUN; what it said."""
        entered = ["chroot", str(self.place), "/usr/bin/env", "--ignore-environment", f"--chdir=/{WHERE_RUN}",
                   "PATH=/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8", *command]
        answer = subprocess.run(entered, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                text=True, timeout=60, check=False)
        assert answer.returncode == 0, f"{' '.join(command)} ended with {answer.returncode}:\n{answer.stdout}"
        return answer.stdout.strip()


@contextlib.contextmanager
def debian(scratch: pathlib.Path) -> Iterator[System]:
    """A fresh one below `scratch`; the first call makes it, about a minute, later ones unpack what that has kept in build/."""
    release = _release()
    kept = ROOT / "build" / f"bare-{release}.tar"
    place = scratch / "system"
    if not kept.exists():
        mirror = _mirror()
        made = subprocess.run(["debootstrap", "--variant=minbase", "--include=python3-pip", release, str(place),
                               *([mirror] if mirror else [])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=240, check=False)
        assert made.returncode == 0, made.stdout[-2000:]
        kept.parent.mkdir(exist_ok=True)
        part = kept.with_suffix(".part")
        subprocess.run(["tar", "-C", str(place), "-cf", str(part), "."], timeout=60, check=True)
        part.rename(kept)
    else:
        place.mkdir()
        subprocess.run(["tar", "-C", str(place), "-xf", str(kept)], timeout=60, check=True)
    try:
        yield System(f"Debian {release}", place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
