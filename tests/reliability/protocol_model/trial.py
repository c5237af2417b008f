"""Protocol model: the rules of ownership, takeover, crash counting, control, children and cron, searched by spin.

configs.txt has one line for each search: what must hold, readings of the rules that do not, and mutants, each of
which must give a counterexample.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from trial import Trial, Void

HERE = pathlib.Path(__file__).resolve().parent
SCALES = ("quick", "nightly", "release")
SEARCH = ("./pan", "-m200000", "-w23")
COMPILE = ("gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DVECTORSZ=4096", "-DMEMLIM=5500", "-o", "pan", "pan.c")
LIMIT_S = {"quick": 60, "nightly": 300, "release": 1_800}

# One for each of the seven rules whose loss the design names.
MUTANTS = {
    "model_no_fence": "R1: the fence",
    "model_takeover_two_transactions": "R2: takeover is one transaction",
    "model_claim_unfenced": "R3: the claim is behind the fence",
    "model_completion_two_transactions": "R5: completion is one transaction",
    "model_unknown_is_failure": "R8: an unknown outcome is never a failure",
    "model_lazy_at_most_once": "R10: at_most_once markers are awaited",
    "model_dependents_early": "R11: dependents start after the commit",
}
LINES_OF = {
    "model_no_fence": "MUT_NO_FENCE", "model_takeover_two_transactions": "MUT_TAKE_TWO_STEPS",
    "model_claim_unfenced": "MUT_CLAIM_UNFENCED", "model_completion_two_transactions": "MUT_SPLIT_END",
    "model_unknown_is_failure": "MUT_REPORT_FAILURE", "model_lazy_at_most_once": "MUT_AMO_LAZY",
    "model_dependents_early": "MUT_START_EARLY",
}


@dataclasses.dataclass
class Line:
    scale: str       # from which on it is searched
    kind: str        # ok, redundant: no error; text, mutant: a counterexample
    model: str
    flags: list[str]
    what: str

    @property
    def violated(self) -> bool:
        return self.kind in ("text", "mutant")

    def __str__(self) -> str:
        return f"{self.model} {' '.join(self.flags)} ({self.what})"


@dataclasses.dataclass
class Result:
    states: int
    seconds: float
    violation: str  # empty: none
    complete: bool


def read_lines() -> list[Line]:
    lines = []
    for text in (HERE / "configs.txt").read_text(encoding="utf-8").splitlines():
        if text and not text.startswith("#"):
            scale, kind, model, flags, what = text.split("|")
            lines.append(Line(scale, kind, model, flags.split(), what))
    return lines


def search(line: Line, limit_s: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="cloacina-model-") as directory:
        for file in (*HERE.glob("*.pml"), *HERE.glob("*.inc")):
            shutil.copy(file, directory)
        for command in (("spin", "-a", *line.flags, line.model), COMPILE):
            subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=120)
        answer = subprocess.run(SEARCH, cwd=directory, capture_output=True, text=True, timeout=limit_s, check=False).stdout
    if not (states := re.search(r"(\d+(?:\.\d+e\+\d+)?) states, stored", answer)):
        raise Void(f"{line}: no result: {answer[:300]}")
    found = re.search(r"errors: (\d+)", answer)
    violation = re.search(r"^pan:1: (.*)", answer, re.MULTILINE)
    partial = re.search(r"max search depth|out of memory|Interrupted|[Ss]earch not completed", answer)
    took = re.search(r"elapsed time ([\d.]+)", answer)
    return Result(int(float(states[1])), float(took[1]) if took else 0.0,
                  violation[1] if violation and found and found[1] != "0" else "", partial is None)


def judge(line: Line, limit_s: int) -> tuple[Result | None, str]:
    """The result, and what is wrong with it."""
    try:
        result = search(line, limit_s)
    except subprocess.TimeoutExpired:
        return None, f"time: {line} took longer than {limit_s} s"
    except subprocess.CalledProcessError as error:
        return None, f"model: {line} does not compile: {(error.stderr or error.stdout)[-300:]}"
    if line.violated and not result.violation:
        return result, f"no counterexample: {line}"
    if not line.violated and result.violation:
        return result, f"violated: {line}: {result.violation}"
    if not line.violated and not result.complete:
        return result, f"incomplete: {line} was not searched to the end"
    return result, ""


def run(trial: Trial) -> list[str]:
    if not shutil.which("spin"):
        raise Void("spin is not installed")
    if trial.mutant:
        line = next(line for line in read_lines() if line.kind == "mutant" and f"-D{LINES_OF[trial.mutant]}" in line.flags)
        result, problem = judge(line, LIMIT_S[trial.scale])
        return [] if problem or result is None else [f"violated: {line}: {result.violation}"]
    lines = [line for line in read_lines() if SCALES.index(line.scale) <= SCALES.index(trial.scale)]
    # The searches of a release need gigabytes: one at a time.
    workers = 1 if trial.scale == "release" else os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        judged = list(pool.map(lambda line: judge(line, LIMIT_S[trial.scale]), lines))
    results = [result for result, _ in judged if result]
    trial.note(searches=len(lines), counterexamples=sum(bool(result.violation) for result in results),
               states=sum(result.states for result in results), largest=max(result.states for result in results))
    (trial.build / "protocol_model.txt").write_text("".join(
        f"{result.states if result else '':>10} {result.seconds if result else '':>7} {line}\n"
        for line, (result, _) in zip(lines, judged)), encoding="utf-8")
    return [problem for _, problem in judged if problem]
