"""What `cloaca` costs above the engine: `./dev bench python`.

One table, as the other benchmarks print it; `--json FILE` adds the figures in their form too. The engine's own latency
comes from `cloacina_bench latency` in the same run, on the same disk.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import cloaca

LINE = "{:<11} {:<46} {:>11} {:>11} {:>11}  {}"
SUBMITTERS = 32
MIB = 1 << 20


class Report:
    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.figures: list[dict[str, Any]] = []
        print(LINE.format("benchmark", "figure", "median", "min", "max", "bar"))

    def add(self, figure: str, unit: str, samples: list[float], bar: str = "", limit: Optional[float] = None) -> None:
        """A bar that begins with ">=" wants at least `limit`, any other at most."""
        median = statistics.median(samples)
        met = None if limit is None else (median >= limit if bar.startswith(">=") else median <= limit)
        verdict = "" if met is None else ("met:    " if met else "MISSED: ") + bar
        print(LINE.format("python", f"{figure}, {unit}", *map(readable, (median, min(samples), max(samples))), verdict))
        sys.stdout.flush()
        self.figures.append({"name": "python", "backend": self.backend, "figure": figure, "unit": unit,
                             "median": median, "min": min(samples), "max": max(samples), "raw_limit": None,
                             "ratio": None, "bar": bar or None, "met": met})


def readable(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if value >= 1000 else f"{value:.3g}"


def define_workflows() -> None:
    with cloaca.WorkflowBuilder("simple"):
        cloaca.task(id="only")(lambda context: None)
    for name, length in (("pipeline", 3), ("ten", 10)):
        with cloaca.WorkflowBuilder(name):
            for i in range(length):
                cloaca.task(id=f"step_{i}", dependencies=[f"step_{i - 1}"] if i else [])(lambda context: None)
    with cloaca.WorkflowBuilder("reads_one_key"):
        cloaca.task(id="only")(lambda context: context.set("length", len(context["k0"])))
    with cloaca.WorkflowBuilder("reads_all"):
        cloaca.task(id="only")(lambda context: context.set("length", len(context.to_dict())))


class Bench:
    def __init__(self, runner: cloaca.DefaultRunner, report: Report, quick: bool) -> None:
        self.runner, self.report = runner, report
        self.count, self.seconds = (3, 0.5) if quick else (5, 2.0)

    def samples(self, once: Callable[[float], float]) -> list[float]:
        """`once(seconds)` gives one figure; the first is for warming up."""
        once(self.seconds / 4)
        return [once(self.seconds) for _ in range(self.count)]

    def by_threads(self, workflow: str) -> Callable[[float], float]:
        def once(seconds: float) -> float:
            begun = time.perf_counter()
            done = [0] * SUBMITTERS

            def submit(mine: int) -> None:
                while time.perf_counter() - begun < seconds:
                    self.runner.execute(workflow)
                    done[mine] += 1

            threads = [threading.Thread(target=submit, args=(mine,)) for mine in range(SUBMITTERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return sum(done) / (time.perf_counter() - begun)

        return once

    def by_asyncio(self, workflow: str, in_flight: int) -> Callable[[float], float]:
        async def submit(until: float) -> int:
            done = 0
            while time.perf_counter() < until:
                await self.runner.execute_async(workflow)
                done += 1
            return done

        async def submit_all(seconds: float) -> float:
            begun = time.perf_counter()
            done = await asyncio.gather(*(submit(begun + seconds) for _ in range(in_flight)))
            return sum(done) / (time.perf_counter() - begun)

        return lambda seconds: asyncio.run(submit_all(seconds))

    def at_once(self, workflow: str, size: int) -> Callable[[float], float]:
        def once(seconds: float) -> float:
            begun, done = time.perf_counter(), 0
            while time.perf_counter() - begun < seconds:
                self.runner.execute_many(workflow, [{}] * size)
                done += size
            return done / (time.perf_counter() - begun)

        return once

    def cpu_of_a_task(self, seconds: float) -> float:
        begun, cpu, done = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - begun < seconds:
            self.runner.execute_many("ten", [{}] * 1000)
            done += 10_000
        return (time.process_time() - cpu) / done * 1e6

    def latency(self, workflow: str, context: Optional[cloaca.Context] = None) -> Callable[[float], float]:
        def once(seconds: float) -> float:
            times, begun = [], time.perf_counter()
            while time.perf_counter() - begun < seconds:
                before = time.perf_counter()
                self.runner.execute(workflow, context)
                times.append(time.perf_counter() - before)
            return statistics.median(times) * 1e6

        return once


def latency_of_the_engine(program: str, arguments: argparse.Namespace, scratch: Path) -> Optional[float]:
    figures = scratch / "latency.json"
    command = [program, "latency", "--json", str(figures), "--backend", arguments.backend]
    subprocess.run(command + ["--quick"] * arguments.quick, check=True, stdout=subprocess.DEVNULL)
    for figure in json.loads(figures.read_text()):
        if figure["figure"].startswith("p50"):
            return float(figure["median"]) * {"us": 1, "µs": 1, "ms": 1000}[figure["unit"]]
    return None


@contextlib.contextmanager
def open_runner(backend: str, scratch: Path) -> Iterator[cloaca.DefaultRunner]:
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=SUBMITTERS)
    if backend == "sqlite":
        with cloaca.DefaultRunner(f"sqlite://{scratch}/bench.db", config) as runner:
            yield runner
        return
    url, schema = os.environ["CLOACINA_TEST_POSTGRES_URL"], f"cloaca_bench_{os.getpid()}"
    with cloaca.DefaultRunner.with_schema(url, schema, config) as runner:
        yield runner
    subprocess.run(["psql", "--quiet", url, "--command", f"DROP SCHEMA {schema} CASCADE"], check=True,
                   env={**os.environ, "PGOPTIONS": "--client-min-messages=warning"})


def import_time(interpreter: str) -> float:
    def seconds(source: str) -> float:
        begun = time.perf_counter()
        subprocess.run([interpreter, "-c", source], check=True)
        return time.perf_counter() - begun

    seconds("import cloaca")
    return (min(seconds("import cloaca") for _ in range(5)) - min(seconds("pass") for _ in range(5))) * 1000


def measure(bench: Bench, engine: Optional[float]) -> None:
    report, samples = bench.report, bench.samples
    rate = "executions/s"
    report.add("simple, 32 submitting threads", rate, samples(bench.by_threads("simple")), ">= 5 000", 5000)
    report.add("simple, asyncio, 1 000 in flight", rate, samples(bench.by_asyncio("simple", 1000)), ">= 5 000", 5000)
    report.add("simple, execute_many of 1 000", rate, samples(bench.at_once("simple", 1000)))
    report.add("pipeline, 32 submitting threads", rate, samples(bench.by_threads("pipeline")))
    report.add("pipeline, execute_many of 1 000", rate, samples(bench.at_once("pipeline", 1000)))
    report.add("CPU of the process for a no-op task", "us", samples(bench.cpu_of_a_task), "<= 60", 60)
    if engine is not None:
        report.add("latency of the engine alone, p50", "us", [engine])
    bar, limit = (f"<= {engine + 100:.0f}", engine + 100) if engine is not None else ("", None)
    report.add("latency, one at a time, p50", "us", samples(bench.latency("simple")), bar, limit)
    large = cloaca.Context({f"k{i}": "x" * 1024 for i in range(MIB // 1024)})
    report.add("a task that reads one key of 1 MiB, p50", "us", samples(bench.latency("reads_one_key", large)))
    report.add("a task that reads all of 1 MiB, p50", "us", samples(bench.latency("reads_all", large)))
    report.add("import cloaca", "ms", [import_time(sys.executable)], "<= 60", 60)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench python", description=__doc__)
    parser.add_argument("--bench", required=True, help="the program cloacina_bench")
    parser.add_argument("--backend", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--strict", action="store_true", help="exit code 1 if a bar is missed")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()

    define_workflows()
    # Beside the program, where it puts its own databases.
    with tempfile.TemporaryDirectory(prefix="cloaca-bench-", dir=Path(arguments.bench).parent) as directory:
        scratch = Path(directory)
        engine = latency_of_the_engine(arguments.bench, arguments, scratch)
        report = Report(arguments.backend)
        with open_runner(arguments.backend, scratch) as runner:
            measure(Bench(runner, report, arguments.quick), engine)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report.figures, indent=2) + "\n")
    missed = sum(figure["met"] is False for figure in report.figures)
    return 1 if arguments.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
