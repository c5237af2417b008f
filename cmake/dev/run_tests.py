"""Runs CTest over some suites and closes with `N passed, N failed, N skipped`, counted in test cases."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

# Suites that are one script each: their cases are not CTest's, so they get a pattern themselves.
SCRIPTS = "compile-fail|dev-command|headers|layers|package|python|reliability"
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.MULTILINE)


def run_ctest(arguments: argparse.Namespace, report: pathlib.Path) -> int:
    command = ["ctest", "--test-dir", arguments.build, "--parallel", str(arguments.jobs),
               "--label-regex", arguments.labels, "--output-junit", str(report.resolve()),
               # A driver's last line counts; the default keeps the first kilobyte.
               "--test-output-size-passed", "1000000", "--test-output-size-failed", "1000000",
               "--test-output-truncation", "head", "--no-label-summary"]
    environment = dict(os.environ)
    if arguments.backend == "sqlite":
        command += ["--label-exclude", "^postgres$"]
    elif arguments.backend == "postgres":
        command += ["--label-regex", "^postgres$"]
    if arguments.pattern:
        environment["CLOACINA_TEST_PATTERN"] = arguments.pattern
        command += ["--tests-regex", f"{arguments.pattern}|^({SCRIPTS})$"]
    if arguments.file:
        command += ["--label-regex", f"^{re.escape(pathlib.Path(arguments.file).stem)}$"]
    if sys.stdout.isatty():
        command.append("--progress")
    return subprocess.run(command, env=environment, check=False).returncode


def count(case: xml.Element) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases behind one CTest entry."""
    output = case.findtext("system-out") or ""
    note = case.find("skipped")
    # CTest notes a program that does not exist as skipped too.
    skipped = case.get("status") == "disabled" or (note is not None and (note.get("message") or "").startswith("SKIP_"))
    failed = case.get("status") != "run" and not skipped
    inside = COUNTS.findall(output)
    if inside:
        passed_inside, failed_inside, skipped_inside = map(int, inside[-1])
        # A driver that ends badly has failed, whatever it counted.
        return passed_inside, max(failed_inside, int(failed)), skipped_inside
    if failed:
        return 0, 1, 0
    return (0, 0, 1) if skipped else (1, 0, 0)


def show_failure(case: xml.Element) -> None:
    print(f"\n---- failed: {case.get('name')} ({float(case.get('time', 0)):.1f} s)")
    for reason in (case.find("failure"), case.find("skipped")):
        if reason is not None and reason.get("message"):
            print(reason.get("message"))
    print(COUNTS.sub("", case.findtext("system-out") or "").strip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("build", "labels"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pattern", default="")
    parser.add_argument("--file", default="")
    parser.add_argument("--backend", choices=("sqlite", "postgres", "both"), default="both")
    arguments = parser.parse_args()

    report = pathlib.Path(arguments.build) / "tests.xml"
    report.unlink(missing_ok=True)
    status = run_ctest(arguments, report)

    passed = failed = skipped = 0
    cases = list(xml.parse(report).getroot().iter("testcase")) if report.exists() else []
    for case in cases:
        numbers = count(case)
        if numbers[1]:
            show_failure(case)
        passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), numbers, strict=True))
    if status != 0 and failed == 0:
        failed = 1  # CTest itself could not do its work
    # Suites that are one script count what a pattern leaves out as skipped.
    if passed + failed + (0 if arguments.pattern else skipped) == 0:
        print("No test was selected, or all that were are skipped: check the pattern and the file.")
        status = 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if status != 0 or failed else 0


if __name__ == "__main__":
    sys.exit(main())
