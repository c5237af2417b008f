#!/usr/bin/env python3
"""Compiles programs that must not compile, and checks what the compilers say.

Each file in cases/ is compiled after case.hpp. Its first lines are comments that say what must happen:

    // compiles                      the control: it must compile, without a warning
    // says: SENTENCE                in the first line with "error:"
    // says[clang++]: SENTENCE       the same, for one compiler only
    // names: A B C                  words within five lines of that line

usage: run.py [-k PATTERN] [-v] [--include DIR]... [COMPILER...]      (default: g++ clang++)

Compilers that are not installed count as skipped. The last line is "N passed, N failed, N skipped".
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
NEAR = 5
SECONDS = 120
FLAGS = "-std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Werror=return-type".split()


@dataclass
class Case:
    path: pathlib.Path
    compiles: bool = False
    says: dict[str, str] = field(default_factory=dict)  # by compiler; "" for all
    names: list[str] = field(default_factory=list)

    def sentence(self, family: str) -> str:
        return self.says.get(family, self.says.get("", ""))


def read_case(path: pathlib.Path) -> Case:
    case = Case(path)
    for line in path.read_text().splitlines():
        if line.strip() == "// compiles":
            case.compiles = True
        elif found := re.match(r"// says(?:\[(.+?)\])?: (.+)", line):
            case.says[found[1] or ""] = found[2]
        elif found := re.match(r"// names: (.+)", line):
            case.names = found[1].split()
    if not case.compiles and not (case.says and case.names):
        sys.exit(f"{path}: it says neither '// compiles' nor what the compiler must say ('// says:', '// names:')")
    return case


class Compiler:
    def __init__(self, command: str, includes: list[str], scratch: pathlib.Path) -> None:
        self.command = command
        self.family = "clang++" if "clang" in pathlib.Path(command).name else "g++"
        self.flags = [*FLAGS, *(f"-I{directory}" for directory in includes)]
        if self.family == "clang++":
            self.flags += ["-Werror=reorder-init-list", "-DASIO_HAS_CO_AWAIT", "-DASIO_HAS_STD_COROUTINE"]
        self.header = scratch / pathlib.Path(command).name / "case.hpp"

    def precompile(self) -> str:
        """Compiles case.hpp once for all cases; the error, if there is one."""
        self.header.parent.mkdir(parents=True)
        self.header.write_text(f'#include "{HERE / "case.hpp"}"\n')
        output = str(self.header) + (".pch" if self.family == "clang++" else ".gch")
        return self.run(["-x", "c++-header", str(self.header), "-o", output])[1]

    def compile(self, source: pathlib.Path) -> tuple[bool, str]:
        # Not -fsyntax-only: it leaves out templates whose bodies are instantiated last.
        before = ["-include-pch", f"{self.header}.pch"] if self.family == "clang++" else ["-include", str(self.header)]
        return self.run([*before, "-c", str(source), "-o", "/dev/null"])

    def run(self, arguments: list[str]) -> tuple[bool, str]:
        done = subprocess.run(
            [self.command, *self.flags, *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return done.returncode == 0, done.stderr


def readable(text: str) -> str:
    """Spells out the names that clang 14 prints as lists of characters: name<'a', 'b'> becomes name<ab>."""
    listed = re.compile(r"name<((?:'.'(?:, )?)*)>")
    return listed.sub(lambda found: "name<" + "".join(re.findall(r"'(.)'", found[1])) + ">", text)


def judge(case: Case, compiler: Compiler, compiled: bool, output: str) -> str:
    """What is wrong with the outcome; empty if nothing is."""
    if case.compiles:
        return "" if compiled and not output else "must compile without a warning"
    if compiled:
        return "compiles, but must not"
    lines = readable(output).splitlines()
    first = next((i for i, line in enumerate(lines) if "error:" in line), None)
    if first is None:
        return "failed without an error message"
    sentence = case.sentence(compiler.family)
    if not sentence or sentence not in lines[first]:
        return f"the first error does not say: {sentence}"
    near = "\n".join(lines[max(0, first - NEAR) : first + NEAR + 1])
    missing = [name for name in case.names if not re.search(rf"(?<!\w){re.escape(name)}(?:_\w+)?(?!\w)", near)]
    return f"not named within {NEAR} lines of the error: {', '.join(missing)}" if missing else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", default=["g++", "clang++"])
    parser.add_argument("-k", dest="pattern", help="only cases whose name contains this")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what the compilers print")
    parser.add_argument("--include", action="append", default=[], help="a further include directory")
    options = parser.parse_args()
    # That one is for all suites: it may match nothing here.
    pattern = os.environ.get("CLOACINA_TEST_PATTERN", "") if options.pattern is None else options.pattern

    includes = [str(HERE.parent.parent / "include"), *options.include]
    cases = [read_case(path) for path in sorted((HERE / "cases").glob("*.cpp")) if pattern in path.stem]
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for command in options.compilers:
            if not shutil.which(command):
                print(f"SKIP {command}: not installed")
                skipped += len(cases)
                continue
            compiler = Compiler(command, includes, pathlib.Path(scratch))
            if error := compiler.precompile():
                print(f"FAIL {command}: case.hpp does not compile without a warning:\n{error}")
                failed += len(cases)
                continue
            outcomes = pool.map(lambda case: compiler.compile(case.path), cases)
            for case, (compiled, output) in zip(cases, outcomes, strict=True):
                problem = judge(case, compiler, compiled, output)
                print(f"{'FAIL' if problem else 'ok  '} {command} {case.path.stem}{': ' if problem else ''}{problem}")
                if problem or options.verbose:
                    print("\n".join("    " + line for line in readable(output).splitlines()[:40]))
                passed, failed = passed + (not problem), failed + bool(problem)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    must_match = options.pattern is not None or not pattern
    return 1 if failed or ((cases or must_match) and not passed) else 0


if __name__ == "__main__":
    sys.exit(main())
