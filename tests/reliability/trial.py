"""What every trial is given, and how it says that it proved nothing."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import random
import subprocess
import time
from collections.abc import Callable

from databases import DatabaseError, PostgresSchema, SqliteFile

SCALES = ("quick", "nightly", "release")


class Void(Exception):
    """The trial proves nothing: too few faults hit, or its traces cannot be read."""


def end_by_input(process: subprocess.Popen, patience_s: float) -> int | str:
    """Of a program that ends with its standard input: its exit status, or that it had to be killed."""
    process.stdin.close()
    try:
        return process.wait(timeout=patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return f"no end within {patience_s} s"


def settle(judge: Callable[[], list[str]], patience_s: float) -> None:
    """Until nothing is to be seen but what time cannot mend, or there was time enough for it."""
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        try:
            if all(problem.startswith("twice:") for problem in judge()):
                return
        except DatabaseError:  # a file whose last writer was killed is read once somebody has opened it
            pass
        time.sleep(0.2)


@dataclasses.dataclass
class Trial:
    """One run of one trial: TRIAL/trial.py has `run(trial) -> list of violations`, each `kind: what`."""

    name: str
    build: pathlib.Path      # where CMake built
    directory: pathlib.Path  # empty, removed after a good run
    seed: int
    scale: str
    mutant: str = ""         # the sabotage that the trial must notice
    backend: str = "sqlite"  # one of the trial's BACKENDS
    figures: dict[str, object] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.schemas: list[PostgresSchema] = []

    def database(self, name: str) -> SqliteFile | PostgresSchema:
        """A new one of this run: a file in its directory, or a schema that `run.py` removes."""
        if self.backend == "sqlite":
            return SqliteFile(self.directory / f"{name}.db")
        schema = PostgresSchema(f"{self.name}_{name}_{os.getpid()}_{len(self.schemas)}".lower())
        self.schemas.append(schema)
        return schema

    def by_scale(self, quick, nightly, release):
        return {"quick": quick, "nightly": nightly, "release": release}[self.scale]

    def program(self, name: str) -> pathlib.Path:
        """The program of the sources in tests/reliability/NAME."""
        found = self.build / "tests" / f"reliability_{name}"
        if not found.exists():
            raise Void(f"{found} is not built")
        return found

    def environment(self, **more: str) -> dict[str, str]:
        """For the processes of the trial: the library in them is sabotaged if a mutant is asked for."""
        chosen = {**os.environ, **more}
        chosen.pop("CLOACINA_MUTANT", None)
        return {**chosen, "CLOACINA_MUTANT": self.mutant} if self.mutant else chosen

    def note(self, **figures: object) -> None:
        """What the trial counted or measured; shown, and written to --figures."""
        self.figures.update(figures)
