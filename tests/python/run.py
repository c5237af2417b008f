"""Runs the scenario files of the Python module, each in a process of its own with databases of its own.

usage: run.py --package DIRECTORY | --wheel DIRECTORY --pip PIP [--backend sqlite|postgres|both] [--file FILE] [-k PATTERN]
       [--jobs N]
with --wheel each in a virtual environment of its own, into which PIP has installed the wheel for this Python;
closes with `N passed, N failed, N skipped`; PostgreSQL's server is that of CLOACINA_TEST_POSTGRES_URL.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
NOTHING_SELECTED = 5  # pytest's exit status for it
# Seconds of one file; a test has 10.
LIMIT = 300 if os.environ.get("CLOACA_SCALE", "quick") == "quick" else 3600


def module_in(place: pathlib.Path, arguments: argparse.Namespace) -> tuple[str, dict[str, str]]:
    """The interpreter that imports the module that is tested, and what it needs for that in its environment."""
    if not arguments.wheel:
        return sys.executable, {"PYTHONPATH": os.pathsep.join(filter(None, [arguments.package, os.environ.get("PYTHONPATH")]))}
    (wheel,) = pathlib.Path(arguments.wheel).resolve().glob(f"cloaca-*-cp3{sys.version_info.minor}-*.whl")
    python = place / "venv/bin/python"
    # The system's packages, because pytest is one of them.
    for command in ([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", place / "venv"],
                    [arguments.pip, "--python", python, "install", "--quiet", "--no-index", wheel]):
        subprocess.run(command, stdin=subprocess.DEVNULL, timeout=60, check=True)
    return str(python), {"PYTHONPATH": "", "CLOACA_WHEEL": str(wheel)}


def run_file(file: pathlib.Path, backend: str, arguments: argparse.Namespace) -> tuple[int, int, int]:
    """Passed, failed, skipped; the databases are kept, and named, if one failed."""
    place = pathlib.Path(tempfile.mkdtemp(prefix=f"cloaca-{file.stem}-"))
    report = place / "report.xml"
    interpreter, module = module_in(place, arguments)
    environment = {**os.environ, **module, "CLOACA_BACKEND": backend, "PYTHONFAULTHANDLER": "1"}
    command = [interpreter, "-m", "pytest", "-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), str(file),
               "--junitxml", str(report), "--basetemp", str(place / "databases")]
    if arguments.pattern:
        command += ["-k", arguments.pattern]
    begun = time.monotonic()
    try:
        ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             timeout=LIMIT, check=False)
        status, output = ran.returncode, ran.stdout
    except subprocess.TimeoutExpired as late:
        status, output = -1, f"{(late.stdout or b'').decode(errors='replace')}\nlonger than {LIMIT} s"
    passed = failed = skipped = 0
    if report.exists():
        for suite in xml.parse(report).getroot().iter("testsuite"):
            tests, bad, left = (int(suite.get(key, 0)) for key in ("tests", "failures", "skipped"))
            bad += int(suite.get("errors", 0))
            passed, failed, skipped = passed + tests - bad - left, failed + bad, skipped + left
    if status not in (0, NOTHING_SELECTED) and failed == 0:
        failed = 1  # the process died, or could not even begin
    told = (f"{file.name:<28} {backend:<9} {passed:3} passed {failed:3} failed {skipped:3} skipped "
            f"{time.monotonic() - begun:6.1f} s")
    if failed:
        told += re.sub(r"(?m)^", "  | ", f"\n{output.strip()}\nthe databases are kept in {place}")
    else:
        shutil.rmtree(place, ignore_errors=True)
    print(told, flush=True)
    return passed, failed, skipped


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    module = parser.add_mutually_exclusive_group(required=True)
    module.add_argument("--package", default="", help="where the package cloaca is")
    module.add_argument("--wheel", default="", help="where its wheels are")
    parser.add_argument("--pip", default="pip", help="what installs the wheel")
    parser.add_argument("--backend", choices=("sqlite", "postgres", "both"), default=os.environ.get("CLOACINA_TEST_BACKENDS", "sqlite"))
    parser.add_argument("--file", default="")
    parser.add_argument("-k", dest="pattern", default=os.environ.get("CLOACINA_TEST_PATTERN", ""))
    parser.add_argument("--jobs", type=int, default=2, help="files at the same time")
    arguments = parser.parse_args()
    arguments.package = str(pathlib.Path(arguments.package).resolve())

    files = sorted(HERE.glob("test_*.py"))
    if arguments.file:
        wanted = pathlib.Path(arguments.file).stem
        files = [file for file in files if file.stem == wanted]
        if not files:
            parser.error(f"--file {arguments.file}: no such scenario in {HERE}")
    # A shell starts what is to run in the background with Ctrl-C ignored, which all would inherit that test it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    backends = ("sqlite", "postgres") if arguments.backend == "both" else (arguments.backend,)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as runs:
        futures = [runs.submit(run_file, file, backend, arguments) for backend in backends for file in files]
        sums = [sum(column) for column in zip(*(future.result() for future in futures))]
    print("{} passed, {} failed, {} skipped".format(*sums))
    # A pattern for all suites may well mean none of these.
    nothing = not sum(sums[:2]) and "CLOACINA_TEST_PATTERN" not in os.environ
    return 1 if sums[1] or nothing else 0


if __name__ == "__main__":
    sys.exit(main())
