"""What ./dev takes: help and nonsense are answered before anything is installed, configured or built.

And what it makes of a pattern that matches nothing: a typo must not look like success.
usage: dev_command.py; closes with `N passed, N failed, N skipped`, one case for each call.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["quickstart", "test", "smoke", "bench", "lint", "format", "clean", "docs", "wheel", "package", "release",
            "services"]

# What ./dev would install, configure, build and check with; here each of them only says that it was called.
TOOLS = ["apt-get", "dpkg-query", "sudo", "cmake", "ninja", "ctest", "clang-format", "clang-tidy", "shellcheck", "rm"]
CALLED = "a tool was called"

# (arguments, exit code, what the answer must hold); None: it must go on and call its tools
CASES: list[tuple[list[str], int | None, str]] = [
    (["--help"], 0, "usage: ./dev COMMAND"),
    (["nonsense"], 2, "unknown command 'nonsense'"),
    *((([name, option], 0, f"usage: ./dev {name}") for name in COMMANDS for option in ("--help", "-h"))),
    (["bench", "throughput", "--help"], 0, "--json FILE"),
    (["bench", "--help"], 0, "throughput   1 000"),
    (["quickstart", "--help"], 0, "--week"),
    (["test", "--help"], 0, "suites: unit"),
    (["bench", "--nonsense"], 2, "unknown option '--nonsense' of bench; there are"),
    (["bench", "throughputt"], 2, "Did you mean 'throughput'?"),
    (["bench", "--json"], 2, "--json wants a value"),
    (["bench", "throughput", "--quick", "--json", "figures.json", "-i", "5"], None, CALLED),
    (["quickstart", "--weak"], 2, "unknown option '--weak' of quickstart; there are"),
    (["quickstart", "nonsense"], 2, "takes no 'nonsense'"),
    (["quickstart", "--week", "--database", "sqlite://x.db"], None, CALLED),
    (["test", "--nonsense"], 2, "unknown option '--nonsense' of test"),
    (["test", "unti"], 2, "Did you mean 'unit'?"),
    (["test", "-k"], 2, "-k wants a value"),
    (["test", "pyhton"], 2, "Did you mean 'python'?"),
    (["test", "python", "--sanitizer", "address"], 2, "python runs without"),
    (["test", "unit", "--isolated"], 2, "--isolated is for python"),
    (["wheel", "--nonsense"], 2, "unknown argument '--nonsense' of wheel"),
    (["wheel", "--python"], 2, "--python wants a value"),
    (["wheel", "--python", "pyhton"], 2, "--python pyhton: no such program"),
    (["wheel", "--python", "python3"], None, CALLED),
    *(([name, "--nonsense"], 2, f"{name} takes no arguments, got: --nonsense")
      for name in ("smoke", "lint", "format", "clean", "package", "release")),
]

TRIALS = ["tests/reliability/run.py", "--build", "."]
SUITES = ["cmake/dev/run_tests.py", "--build", "{scratch}", "--labels", "x"]

# (script with arguments, CLOACINA_TEST_PATTERN, exit code, what the answer must hold)
PATTERNS: list[tuple[list[str], str, int, str]] = [
    ([*TRIALS, "-k", "tpyo"], "", 1, "No trial was selected: expected one of the trials: "),
    ([*TRIALS, "-k", "^secrets$", "--mutant", "tpyo"], "", 1, "No mutant was selected: expected one of the mutants of secrets: "),
    (TRIALS, "tpyo", 0, "0 passed, 0 failed"),
    (["tests/compile_fail/run.py", "-k", "tpyo", "no-compiler"], "", 1, "0 passed, 0 failed"),
    (["tests/compile_fail/run.py", "no-compiler"], "tpyo", 0, "0 passed, 0 failed"),
    ([*SUITES, "--pattern", "tpyo"], "", 1, "No test was selected"),
    (SUITES, "", 0, "0 passed, 0 failed, 16 skipped"),
]

# A ctest in whose report one script found no case of its own for the pattern.
CTEST = """#!/bin/sh
while [ "$1" != --output-junit ]; do shift; done
echo '<testsuite><testcase name="t" status="run"><system-out>0 passed, 0 failed, 16 skipped</system-out></testcase></testsuite>' >"$2"
"""


def problem_with_pattern(arguments: list[str], pattern: str, code: int, words: str) -> str:
    with tempfile.TemporaryDirectory(prefix="cloacina-test-") as scratch:
        ctest = pathlib.Path(scratch) / "ctest"
        ctest.write_text(CTEST, encoding="utf-8")
        ctest.chmod(0o755)
        environment = {**os.environ, "PATH": f"{scratch}:{os.environ['PATH']}", "CLOACINA_TEST_PATTERN": pattern}
        command = [sys.executable, *(argument.format(scratch=scratch) for argument in arguments)]
        answer = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    if answer.returncode != code or words not in answer.stdout:
        return f"expected exit code {code} and '{words}'; got {answer.returncode} and:\n{answer.stdout}"
    return ""


def problem_with(arguments: list[str], code: int | None, words: str, environment: dict[str, str]) -> str:
    answer = subprocess.run([str(ROOT / "dev"), *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    called = CALLED in answer.stdout
    if code is None:
        return "" if called else f"no tool was called; it said:\n{answer.stdout}"
    if called or answer.returncode != code or words not in answer.stdout:
        return f"expected exit code {code}, '{words}', and no tool; got {answer.returncode} and:\n{answer.stdout}"
    return ""


def main() -> int:
    pattern = os.environ.get("CLOACINA_TEST_PATTERN", "")
    passed = failed = 0

    def record(call: str, problem: str) -> None:
        nonlocal passed, failed
        passed, failed = (passed, failed + 1) if problem else (passed + 1, failed)
        print(f"{'FAILED' if problem else 'passed'}: {call}")
        if problem:
            print(f"  {problem}")

    with tempfile.TemporaryDirectory(prefix="cloacina-test-") as scratch:
        for tool in TOOLS:
            stub = pathlib.Path(scratch) / tool
            stub.write_text(f"#!/bin/sh\necho '{CALLED}:' {tool} >&2\nexit 1\n", encoding="utf-8")
            stub.chmod(0o755)
        environment = {**os.environ, "PATH": f"{scratch}:{os.environ['PATH']}", "TMPDIR": scratch}
        for arguments, code, words in CASES:
            call = "./dev " + " ".join(arguments)
            if re.search(pattern, f"dev-command: {call}"):
                record(call, problem_with(arguments, code, words, environment))
    for arguments, of_environment, code, words in PATTERNS:
        call = (f"CLOACINA_TEST_PATTERN={of_environment} " if of_environment else "") + " ".join(arguments)
        if re.search(pattern, f"dev-command: {call}"):
            record(call, problem_with_pattern(arguments, of_environment, code, words))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
