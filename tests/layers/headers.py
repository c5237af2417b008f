"""Every public header compiles alone, without warnings, under each compiler given.

usage: headers.py COMPILER…; closes with `N passed, N failed, N skipped`, one case for each header and compiler.
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror",
         "-DASIO_STANDALONE", "-DASIO_NO_DEPRECATED", "-I", str(ROOT / "include"), "-x", "c++", "-"]
CLANG_FLAGS = ["-DASIO_HAS_CO_AWAIT", "-DASIO_HAS_STD_COROUTINE"]  # Asio 1.22 hides awaitable from Clang


def compile_alone(compiler: str, source: str) -> str:
    """The compiler's complaint, "" when there is none."""
    flags = (CLANG_FLAGS if "clang" in pathlib.Path(compiler).name else []) + FLAGS
    answer = subprocess.run([compiler, *flags], input=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=120, check=False)
    return "" if answer.returncode == 0 else answer.stdout


def main() -> int:
    compilers = sys.argv[1:] or ["g++"]
    pattern = os.environ.get("CLOACINA_TEST_PATTERN", "")
    headers = sorted((ROOT / "include").glob("cloacina/*.hpp"))
    # A header that leans on its neighbours must be seen to fail.
    cases = [(compiler, "a header that leans on its neighbours is found", "std::string planted();\n", True)
             for compiler in compilers]
    for path in headers:
        name = path.relative_to(ROOT / "include").as_posix()
        cases += [(compiler, name, f"#include <{name}>\n", False) for compiler in compilers]
    cases = [case for case in cases if re.search(pattern, f"headers: {case[1]}")]

    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda case: compile_alone(case[0], case[2]), cases)
        for (compiler, name, _, must_fail), complaint in zip(cases, complaints, strict=True):
            if bool(complaint) == must_fail:
                passed += 1
                continue
            failed += 1
            print(f"FAILED: {name} under {compiler}\n{complaint[:4000]}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
