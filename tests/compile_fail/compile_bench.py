#!/usr/bin/env python3
"""Measures what a workflow of 128 tasks costs to compile, against an empty file with the same includes.

usage: compile_bench.py [--json FILE] [--tasks N] [--rounds N] [COMPILER...]       (default: g++ clang++)

Seconds are processor time (user and system), the median of the rounds. The bar is 3 s more than the empty file.
"""

import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BAR_SECONDS = 3.0
FLAGS = "-std=c++20 -O0 -Wall -Wextra".split()
INCLUDES = "#include <cloacina/workflow_symbol.hpp>\n"


def workflow(tasks: int) -> str:
    """Tasks in layers of eight, each after two of the layer before, with keys, rules, retries, and a body."""
    width = 8
    lines = [INCLUDES, "namespace when = cloacina::when;\n", "CLOACINA_KEY(seed, int);\n"]
    lines += [f"CLOACINA_KEY(key{i}, int);\n" for i in range(tasks)]
    for i in range(tasks):
        before = [j for j in (i - width, i - width + 1) if i >= width and 0 <= j < i]
        after = f".after = {{{', '.join(f'task{j}' for j in before)}}}, " if before else ""
        reads = f".reads = {{{', '.join(['seed', *(f'key{j}' for j in before)])}}}, "
        rule = f".trigger_rule = when::task_success(task{before[0]})" if before and i % 4 == 0 else ".priority = 1"
        total = " + ".join(["context.get(seed)", *(f"context.get(key{j})" for j in before)])
        lines.append(f"CLOACINA_TASK(task{i}, {after}{reads}.writes = {{key{i}}}, .retry = {{.max_attempts = 2}}, {rule}) {{")
        lines.append(f" context.put(key{i}, {total}); }}\n")
    lines.append(f"CLOACINA_WORKFLOW(all, .inputs = {{seed}}, .tasks = {{{', '.join(f'task{i}' for i in range(tasks))}}});\n")
    return "".join(lines)


def seconds_to_compile(compiler: str, source: pathlib.Path) -> float:
    command = [compiler, *FLAGS, f"-I{ROOT / 'include'}", "-c", str(source), "-o", "/dev/null"]
    if "clang" in compiler:
        command += ["-DASIO_HAS_CO_AWAIT", "-DASIO_HAS_STD_COROUTINE"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(compiler: str, tasks: int, rounds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        empty, full = pathlib.Path(scratch, "empty.cpp"), pathlib.Path(scratch, "full.cpp")
        empty.write_text(INCLUDES)
        full.write_text(workflow(tasks))
        # In pairs, so that what else the machine does weighs on both.
        pairs = [(seconds_to_compile(compiler, empty), seconds_to_compile(compiler, full)) for _ in range(rounds)]
    more = [b - a for a, b in pairs]
    median = statistics.median(more)
    return {
        "name": "compile",
        "backend": "",
        "figure": f"{tasks} tasks more than an empty file, {compiler}",
        "unit": "s",
        "median": round(median, 3),
        "min": round(min(more), 3),
        "max": round(max(more), 3),
        "raw_limit": round(statistics.median(a for a, _ in pairs), 3),
        "ratio": round(statistics.median(b / a for a, b in pairs), 3),
        "bar": BAR_SECONDS,
        "met": median <= BAR_SECONDS,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("compilers", nargs="*", default=["g++", "clang++"])
    parser.add_argument("--json", metavar="FILE", help='write the figures as a JSON array; "-" is the standard output')
    parser.add_argument("--tasks", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    figures = [measure(c, options.tasks, options.rounds) for c in options.compilers if shutil.which(c)]
    for figure in figures:
        print(
            f"compile  {figure['figure']}: {figure['median']} s (min {figure['min']}, max {figure['max']}; "
            f"empty file {figure['raw_limit']} s; bar {BAR_SECONDS} s: {'met' if figure['met'] else 'MISSED'})",
            file=sys.stderr if options.json == "-" else sys.stdout,
        )
    if options.json == "-":
        print(json.dumps(figures, indent=2))
    elif options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
