"""Foreign exceptions: bodies, synchronous and coroutines, that throw whatever C++ can throw."""

from __future__ import annotations

import sqlite3
import subprocess

from trial import Trial, Void

MUTANTS = {"catch_standard_only": "everything that a body throws is caught, not only std::exception"}
NOTICED_BY = {"catch_standard_only": {"exit"}}  # the process ends otherwise than it should

LEAST_KINDS = 30
MOST_BYTES = 8 * 1024  # of an error that is stored
# What is in no text of theirs, so that the type must be told.
TYPES = {"structure": "Plain", "pointer": "int*", "enumeration": "Colour", "null_text": "NullText", "ambiguous": "Ambiguous",
         "exception_ptr": "exception_ptr"}


def judge(path, kinds: list[str]):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    innocents = database.execute(
        "SELECT count(*) FROM workflow_executions WHERE workflow = 'innocent' AND status = 'Completed'").fetchone()[0]
    if innocents != 2 * len(kinds):
        yield f"innocents: {innocents} of {2 * len(kinds)} completed"
    for way in ("sync", "coroutine"):
        for kind in kinds:
            rows = database.execute(
                "SELECT t.status, t.error, e.status, e.error FROM workflow_executions AS e JOIN task_executions AS t "
                "ON t.execution_id = e.id WHERE e.workflow = ?", (f"{way}_{kind}",)).fetchall()
            if len(rows) != 1:
                yield f"rows: {way} {kind} has {len(rows)}"
                continue
            yield from judge_one(f"{way} {kind}", kind, *rows[0])
    database.close()


def judge_one(name: str, kind: str, task: bytes, error: bytes | None, execution: bytes, why: bytes | None):
    if (task, execution) != (b"Failed", b"Failed"):
        yield f"status: {name} is {task!r} in {execution!r}"
        return
    for text in (error, why):
        if not text or len(text) > 2 * MOST_BYTES or b"\0" in text:
            yield f"text: {name} has an error of {len(text or b'')} bytes: {(text or b'')[:80]!r}"
            return
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as trouble:
            yield f"text: {name}: {trouble}"
    if kind in TYPES and TYPES[kind].encode() not in error:
        yield f"text: {name} does not tell its type: {error!r}"


def run(trial: Trial) -> list[str]:
    answer = subprocess.run([trial.program("foreign_exceptions"), trial.directory], env=trial.environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    kinds = [line for line in answer.stdout.splitlines() if line.replace("_", "").isalnum()]
    trial.note(kinds=len(kinds), ways=2)
    if answer.returncode != 0:
        return [f"exit: the runner ended with {answer.returncode} after {kinds[-1:]}: {answer.stdout[-300:]}"]
    if len(kinds) < LEAST_KINDS:
        raise Void(f"only {len(kinds)} kinds were thrown")
    return list(judge(trial.directory / "exceptions.db", kinds))
