"""Fuzz: whatever comes in from outside is parsed, and stored rows are read, with inputs that libFuzzer makes up.

Each input is refused with an error that people can read, or gives the same when it is written and read again.  The
program is a build of its own, with clang (`cmake --preset fuzzer`).
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import re
import subprocess

from trial import Trial, Void

MUTANTS = {"planted_overflow": "a duration is copied into a buffer that is too short"}

HERE = pathlib.Path(__file__).resolve().parent
TARGETS = {"url": 512, "context": 4096, "rule": 2048, "identifier": 512, "row": 512, "duration": 64,
           "cron": 96, "zone": 4096}  # longest inputs
LEAST_INPUTS = {"row": 20}  # that a target has to have tried in a second; others 200
FOUND = re.compile(rb"violated: .*|runtime error: .*|ERROR: .*|SUMMARY: .*")


def fuzz(trial: Trial, target: str, seconds: int) -> tuple[int, list[str]]:
    """How many inputs were tried, and what was found."""
    program = trial.build.parent / "fuzzer" / "tests" / "reliability_fuzz"
    if not program.exists():
        raise Void(f"{program} is not built: cmake --preset fuzzer && cmake --build --preset fuzzer --target reliability_fuzz")
    place = trial.directory / target
    corpus = place / "corpus"  # what is found on the way; the one in the tree stays as it is
    corpus.mkdir(parents=True)
    ended = subprocess.run(
        [program, corpus, HERE / "corpus" / target, f"-seed={trial.seed % (1 << 31)}", f"-max_total_time={seconds}",
         f"-max_len={TARGETS[target]}", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={place}/", "-print_final_stats=1"],
        env=trial.environment(FUZZ_TARGET=target, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds + 120, check=False)
    tried = re.search(rb"stat::number_of_executed_units: *(\d+)", ended.stdout)
    if ended.returncode == 0:
        return int(tried.group(1)) if tried else 0, []
    kept = [path for path in place.iterdir() if path.is_file()]
    inputs = ", ".join(f"{path.name}: {path.read_bytes()[:200]!r}" for path in kept) or "no input was kept"
    found = b"; ".join(FOUND.findall(ended.stdout)).decode(errors="replace")[:1_000] or ended.stdout[-500:].decode(errors="replace")
    return 0, [f"crash: {target}: {found}: {inputs}"]


def run(trial: Trial) -> list[str]:
    targets = ["duration"] if trial.mutant else list(TARGETS)
    seconds = 60 if trial.mutant else trial.by_scale(7, 280, 86_400)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(targets, pool.map(lambda target: fuzz(trial, target, seconds), targets)))
    trial.note(seconds_each=seconds, **{target: tried for target, (tried, _) in results.items()})
    problems = [problem for _, found in results.values() for problem in found]
    idle = [target for target, (tried, _) in results.items() if tried < LEAST_INPUTS.get(target, 200) * seconds]
    if idle and not problems:
        raise Void(f"too few inputs: {', '.join(idle)}")
    return problems
