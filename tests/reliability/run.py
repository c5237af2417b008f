"""The trials of survival: every directory here with a trial.py.

usage: run.py --build DIRECTORY [-k PATTERN] [--backend sqlite|postgres|both] [--scale quick|nightly|release] [--seed N] [--mutants] [--figures FILE]
A pattern that matches nothing is an error, unless it comes from CLOACINA_TEST_PATTERN, which is for all suites.
Each trial is judged by what it left on the disk, not by the library.  Closes with `N passed, N failed, N skipped`.
`--mutants` runs each trial once for each of its mutants, in a library sabotaged that way: it passes if it notices.
"""

from __future__ import annotations

import argparse
import collections
import importlib.util
import json
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import types

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from databases import DatabaseError  # noqa: E402
from trial import SCALES, Trial, Void  # noqa: E402


def load(directory: pathlib.Path) -> types.ModuleType:
    specification = importlib.util.spec_from_file_location(f"trial_{directory.name}", directory / "trial.py")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look there
    specification.loader.exec_module(module)
    return module


def all_trials() -> dict[str, types.ModuleType]:
    """`run(trial)`, and `MUTANTS`: name -> what it takes away."""
    return {path.parent.name: load(path.parent) for path in sorted(HERE.glob("*/trial.py"))}


def backends_of(module: types.ModuleType) -> tuple[str, ...]:
    """Where a trial runs: BACKENDS, or SQLite alone."""
    return getattr(module, "BACKENDS", ("sqlite",))


def judge(module: types.ModuleType, trial: Trial) -> list[str]:
    try:
        return module.run(trial)
    except Void as void:
        return [f"void: {void}"]
    except subprocess.TimeoutExpired as hang:
        return [f"hang: {hang}"]
    except (OSError, sqlite3.Error, DatabaseError, subprocess.SubprocessError) as error:
        return [f"void: the trial broke off: {error!r}"]


def noticed(module: types.ModuleType, mutant: str, problems: list[str]) -> list[str]:
    """What a mutant is seen by: NOTICED_BY of the trial names the kinds; else all but what anything may cause."""
    kinds = getattr(module, "NOTICED_BY", {}).get(mutant)
    def counts(kind: str) -> bool:
        return kind in kinds if kinds else kind not in ("void", "exit", "hang", "time")
    return [problem for problem in problems if counts(problem.split(":")[0])]


def show(problems: list[str]) -> None:
    for kind, count in collections.Counter(problem.split(":")[0] for problem in problems).items():
        print(f"  {count} × {kind}, such as:")
        for problem in [problem for problem in problems if problem.startswith(kind)][:3]:
            print(f"    {problem[:600]}")


def run(module: types.ModuleType, trial: Trial) -> bool:
    on = f" on {trial.backend}" if len(backends_of(module)) > 1 else ""
    title = f"{trial.name}{on}: seed {trial.seed}, scale {trial.scale}" + (f", mutant {trial.mutant}" if trial.mutant else "")
    print(title, flush=True)
    begun = time.monotonic()
    problems = judge(module, trial)
    trial.note(seconds=round(time.monotonic() - begun, 1))
    void = any(problem.startswith("void:") for problem in problems)
    seen_by = noticed(module, trial.mutant, problems) if trial.mutant else []
    passed = bool(seen_by) and not void if trial.mutant else not problems
    print("  " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in trial.figures.items()))
    if passed:
        if trial.mutant:
            print(f"  noticed: {seen_by[0][:200]}")
        shutil.rmtree(trial.directory)
        for schema in trial.schemas:
            schema.remove()
        return True
    show(problems)
    if trial.mutant and not seen_by:
        print(f"  the mutant {trial.mutant} was not noticed: the trial proves nothing about it")
    print(f"  traces: {trial.directory}")
    mutant = f" --mutant {trial.mutant}" if trial.mutant else ""
    backend = f" --backend {trial.backend}" if on else ""
    print(f"  repeat: ./dev test reliability -k '^{trial.name}$'{backend} --scale {trial.scale} --seed {trial.seed}{mutant}", flush=True)
    return False


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="the directory that CMake built in")
    parser.add_argument("-k", dest="pattern", help="trials whose name matches")
    parser.add_argument("--scale", choices=SCALES, default=os.environ.get("CLOACINA_TEST_SCALE", "quick"))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CLOACINA_TEST_SEED", "0")),
                        help="0: a new one, which is printed")
    parser.add_argument("--backend", choices=("sqlite", "postgres", "both"), default=os.environ.get("CLOACINA_TEST_BACKENDS", "both"))
    parser.add_argument("--mutants", action="store_true", help="each trial once for each of its mutants")
    parser.add_argument("--mutant", default="", help="only this mutant")
    parser.add_argument("--figures", type=pathlib.Path, help="write what was counted and measured, as JSON")
    parser.add_argument("--list", action="store_true", help="name the trials and their mutants")
    arguments = parser.parse_args()
    arguments.must_match = bool(arguments.pattern or arguments.mutant or arguments.mutants)
    if arguments.pattern is None:
        arguments.pattern = os.environ.get("CLOACINA_TEST_PATTERN", "")
    arguments.seed = arguments.seed or random.SystemRandom().randrange(1, 1 << 31)
    return arguments


def main() -> int:
    arguments = parse()
    trials = all_trials()
    chosen = {name: module for name, module in trials.items() if re.search(arguments.pattern, name)}
    if arguments.list:
        for name, module in chosen.items():
            print(f"{name:20} {module.__doc__.splitlines()[0]}")
            for mutant, what in module.MUTANTS.items():
                print(f"  {mutant:28} {what}")
        return 0
    if arguments.mutants or arguments.mutant:
        runs = [(name, mutant) for name, module in chosen.items() for mutant in module.MUTANTS
                if arguments.mutant in ("", mutant)]
    else:
        runs = [(name, "") for name in chosen]
    runs = [(name, backend, mutant) for name, mutant in runs for backend in backends_of(chosen[name])
            if arguments.backend in ("both", backend)]

    if not runs and arguments.must_match:
        mutants = {mutant: None for module in chosen.values() for mutant in module.MUTANTS}
        known = f"the mutants of {', '.join(chosen)}: {', '.join(mutants)}" if chosen else f"the trials: {', '.join(trials)}"
        print(f"{'No mutant' if chosen else 'No trial'} was selected: expected one of {known}.")
        return 1

    figures, results = [], []
    for name, backend, mutant in runs:
        directory = pathlib.Path(tempfile.mkdtemp(prefix=f"cloacina-{name}-"))
        trial = Trial(name, arguments.build.resolve(), directory, arguments.seed, arguments.scale, mutant,
                      backend)
        results.append(run(trials[name], trial))
        figures.append({"trial": name, "backend": backend, "mutant": mutant, "scale": trial.scale, "seed": trial.seed,
                        "passed": results[-1], **trial.figures})
        if arguments.figures:
            arguments.figures.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"{results.count(True)} passed, {results.count(False)} failed, {len(trials) - len(chosen)} skipped")
    return 0 if results and all(results) else int(bool(results))


if __name__ == "__main__":
    sys.exit(main())
