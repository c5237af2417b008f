"""Lists the test cases of a Catch2 program as CTest entries: called after each link of a test program."""

import argparse
import pathlib
import subprocess
import sys


def names_of(program: str, stem: str) -> list[str]:
    """The test cases that the source STEM.cpp contributes to the program."""
    quiet = ["--verbosity", "quiet"] if is_version_3(program) else ["--list-test-names-only"]
    listing = ["--list-tests", *quiet] if is_version_3(program) else quiet
    answer = subprocess.run([program, "--filenames-as-tags", *listing, f"[#{stem}]"],
                            stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    # Catch2 2.13 puts names that begin with # in quotes.
    return [line[1:-1] if line.startswith('"#') and line.endswith('"') else line for line in lines]


def is_version_3(program: str) -> bool:
    if program not in versions:
        answer = subprocess.run([program, "--help"], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        versions[program] = "Catch2 v3" in answer.stdout or "Catch v3" in answer.stdout
    return versions[program]


versions: dict[str, bool] = {}


def as_test_spec(name: str) -> str:
    """The name as Catch2's filter language wants it."""
    for special in '\\,["':
        name = name.replace(special, "\\" + special)
    return name


def entry(arguments: argparse.Namespace, run: str, stem: str, name: str) -> str:
    label, _, variable = run.partition(":")
    title = f"{label}: {name}"
    skip = " SKIP_RETURN_CODE 4" if is_version_3(arguments.program) else ""
    environment = f"\n  ENVIRONMENT [==[{variable}]==]" if variable else ""
    labels = ";".join([arguments.suite, stem, *(["postgres"] if "postgres" in label else [])])
    return (
        f"add_test([==[{title}]==] [==[{arguments.program}]==] [==[{as_test_spec(name)}]==])\n"
        f"set_tests_properties([==[{title}]==] PROPERTIES TIMEOUT {arguments.timeout}{skip}{environment}\n"
        f'  LABELS "{labels}" FAIL_REGULAR_EXPRESSION "No test cases matched|No tests ran")\n')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("program", "suite", "timeout", "output"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--runs", required=True, nargs="+", metavar="TITLE[:VARIABLE=VALUE]")
    parser.add_argument("sources", nargs="+")
    arguments = parser.parse_args()

    stems = [pathlib.Path(source).stem for source in arguments.sources]
    text = "".join(entry(arguments, run, stem, name) for stem in stems for name in names_of(arguments.program, stem)
                   for run in arguments.runs)
    pathlib.Path(arguments.output).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
