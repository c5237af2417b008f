"""The trials of survival.  usage: run.py --build DIRECTORY [-k PATTERN] [--scale quick|nightly|release] [--seed N]

Each trial is judged by a checker that knows nothing of the library.  Closes with `N passed, N failed, N skipped`.
`--mutant NAME` runs the sabotaged library instead: then a trial passes if its checker finds the sabotage.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "kill_storm"))

import checker  # noqa: E402
import supervisor  # noqa: E402

# kills, and how long they may take
SCALES = {"quick": (200, 110.0), "nightly": (10_000, 780.0), "release": (100_000, 86_400.0)}
MUTANTS = {"kill_storm": ["no_fence"]}


def kill_storm(arguments: argparse.Namespace, directory: pathlib.Path) -> list[str]:
    kills, limit_s = SCALES[arguments.scale]
    worker = pathlib.Path(arguments.build) / "tests" / "reliability_kill_storm"
    environment = {"CLOACINA_MUTANT": arguments.mutant} if arguments.mutant else {}
    storm = supervisor.Storm(worker, directory, arguments.seed, kills, limit_s, environment)
    storm.run()
    if arguments.scale == "nightly":  # as many as fit into its time
        storm.statistics.wanted = storm.statistics.kills
    try:
        return checker.judge(directory)
    except checker.Void as void:
        return [f"void: {void}"]


TRIALS = {"kill_storm": kill_storm}


def run(name: str, arguments: argparse.Namespace) -> bool:
    directory = pathlib.Path(tempfile.mkdtemp(prefix=f"cloacina-{name}-"))
    print(f"{name}: seed {arguments.seed}, scale {arguments.scale}"
          + (f", mutant {arguments.mutant}" if arguments.mutant else ""), flush=True)
    problems = TRIALS[name](arguments, directory)
    for kind, count in collections.Counter(problem.split(":")[0] for problem in problems).items():
        print(f"  {count} × {kind}, such as:")
        for problem in [problem for problem in problems if problem.startswith(kind)][:3]:
            print(f"    {problem[:400]}")
    found = bool(problems) and not problems[0].startswith("void")
    passed = found if arguments.mutant else not problems
    if passed:
        shutil.rmtree(directory)
        return True
    if arguments.mutant:
        print(f"  the mutant {arguments.mutant} was not found: the trial proves nothing about it")
    print(f"  traces: {directory}")
    print(f"  repeat: ./dev test reliability -k {name} --scale {arguments.scale} --seed {arguments.seed}")
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the directory that CMake built in")
    parser.add_argument("-k", dest="pattern", default=os.environ.get("CLOACINA_TEST_PATTERN", ""))
    parser.add_argument("--scale", choices=SCALES, default=os.environ.get("CLOACINA_TEST_SCALE", "quick"))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CLOACINA_TEST_SEED", "0")),
                        help="0: a new one, which is printed")
    parser.add_argument("--mutant", default="", choices=["", *sorted({m for ms in MUTANTS.values() for m in ms})])
    arguments = parser.parse_args()
    arguments.seed = arguments.seed or random.SystemRandom().randrange(1, 1 << 31)

    chosen = [name for name in TRIALS if re.search(arguments.pattern, name)]
    if arguments.mutant:
        chosen = [name for name in chosen if arguments.mutant in MUTANTS[name]]
    results = [run(name, arguments) for name in chosen]
    print(f"{results.count(True)} passed, {results.count(False)} failed, {len(TRIALS) - len(chosen)} skipped")
    return 0 if results and all(results) else int(bool(results))


if __name__ == "__main__":
    sys.exit(main())
