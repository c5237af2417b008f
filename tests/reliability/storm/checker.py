"""Judges a storm by its traces: the database read with plain SQL, what bodies saw, what callers were told.

Knows nothing of the library but the names of its tables.  usage: python3 -m storm.checker DIRECTORY, for a file that a storm
left there; prints one line for each violation and exits 1; exits 2 if it cannot judge (void).
"""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
import sys

from databases import DatabaseError, SqliteFile
from storm import workflows as plans

FINAL = {"Completed", "Failed", "Cancelled", "Skipped"}
# What may become of an at-most-once task whose runner was lost, or could not renew its lease and asked it to stop.
LOST = "outcome unknown: owner lost"
STOPPED = "the task was asked to stop while it waited"


@dataclasses.dataclass
class Verdict:
    problems: list[str]
    void: str = ""  # why nothing is proved, even without a problem
    figures: dict[str, object] = dataclasses.field(default_factory=dict)


def read_lines(path: pathlib.Path) -> tuple[list[dict], int]:
    """All whole lines, and how many were cut short by a kill."""
    whole, broken = [], 0
    for line in path.read_text(errors="replace").splitlines():
        if not line:
            continue
        try:
            whole.append(json.loads(line))
        except json.JSONDecodeError:
            broken += 1
    return whole, broken


class Storm:
    """Everything that a storm left behind."""

    def __init__(self, directory: pathlib.Path, database) -> None:
        self.statistics = json.loads((directory / "statistics.json").read_text())
        plan = json.loads((directory / "workflows.json").read_text())
        self.plans = {workflow["name"]: workflow["tasks"] for workflow in plan["workflows"]}
        self.accepted, cut_accepted = read_lines(directory / "accepted")
        self.answered, cut_answered = read_lines(directory / "answered")
        self.starts, cut_starts = read_lines(directory / "witness")
        self.cut = cut_accepted + cut_answered + cut_starts
        self.read(database)

    def read(self, database) -> None:
        self.integrity = database.integrity()
        self.executions = {row["id"]: row for row in database.rows("SELECT * FROM workflow_executions")}
        self.tasks: dict[str, dict[str, dict]] = collections.defaultdict(dict)
        for row in database.rows("SELECT * FROM task_executions"):
            self.tasks[row["execution_id"]][row["task"]] = row
        self.attempts = {(row["execution_id"], row["task"], row["attempt"]): row
                         for row in database.rows("SELECT * FROM task_attempts")}
        self.runners = database.rows("SELECT id, pid, state FROM runners")
        self.history = [(row["kind"], row["execution_id"], row["task"], row["old"], row["new"])
                        for row in database.rows("SELECT * FROM storm_history ORDER BY at")]


def why_void(storm: Storm) -> str:
    """Empty when enough happened for the storm to prove something."""
    kills, stalls, hits = (storm.statistics[name] for name in ("kills", "stalls", "hits"))
    if (kills or stalls) < storm.statistics["wanted"]:
        return f"only {kills or stalls} of {storm.statistics['wanted']} faults happened"
    if hits < 0.6 * (kills + stalls):
        return f"only {hits} of {kills + stalls} faults hit a process that owned work"
    if storm.cut > kills:
        return f"{storm.cut} unreadable lines, more than the {kills} kills can explain"
    if len(storm.accepted) < kills + stalls or not storm.starts:
        return f"only {len(storm.accepted)} executions were accepted under {kills + stalls} faults"
    if storm.statistics["of_server"]:
        return ""
    # A stop may end before anybody noticed, or hold the file's write lock, so that nobody could take over.
    if len(declared_dead(storm)) < 0.5 * kills + 0.3 * stalls:
        return f"only {len(declared_dead(storm))} runners were declared dead by {kills + stalls} faults"
    return ""


def declared_dead(storm: Storm) -> list[dict]:
    return [runner for runner in storm.runners if runner["state"] == "dead"]


def check_accepted(storm: Storm):
    """What a caller was told to be stored is there, under the id and the key that it was told, once."""
    for line in storm.accepted:
        row = storm.executions.get(line["execution"])
        if row is None:
            yield f"accepted and lost: {line}"
        elif (row["workflow"], row["idempotency_key"]) != (line["workflow"], line["key"]):
            yield f"accepted as another: {line}, stored {row['workflow']} {row['idempotency_key']}"
        elif json.loads(row["input"]) != {"n": line["n"]}:
            yield f"stored with another input: {line}, {row['input']}"
    for key, count in collections.Counter((row["workflow"], row["idempotency_key"])
                                          for row in storm.executions.values()).items():
        if count > 1:
            yield f"{count} executions of key {key}"


def check_ended(storm: Storm):
    for name, row in storm.executions.items():
        if row["status"] not in FINAL:
            yield f"{name} ({row['workflow']}) is {row['status']}, owner {row['owner']}"
        elif row["owner"] is not None:
            yield f"{name} is {row['status']} and still owned"
        for task in storm.tasks[name].values():
            if task["status"] not in FINAL:
                yield f"{name}/{task['task']} is {task['status']} in an execution that is {row['status']}"
    for line in storm.answered:
        row = storm.executions.get(line["execution"])
        if row is None or row["status"] != line["status"] or json.loads(row["output"] or "{}") != line["context"]:
            yield f"a caller was told something else than is stored: {line}, {dict(row) if row else None}"


def check_history(storm: Storm):
    """Nothing final was ever written again, by whomever, and nothing was deleted."""
    for kind, execution, task, old, new in storm.history:
        yield f"{kind}: {execution}/{task or ''}: {old} became {new}"


def holds(rule: dict, statuses: dict[str, str], n: int) -> bool:
    kind = rule["type"]
    if kind == "Always":
        return True
    if kind == "ContextValue":
        return n > rule["value"] if rule["operator"] == "GreaterThan" else n < rule["value"]
    if kind in ("All", "Any", "None"):
        parts = [holds(part, statuses, n) for part in rule["conditions"]]
        return {"All": all(parts), "Any": any(parts), "None": not any(parts)}[kind]
    return statuses[rule["task_name"]] == {"TaskSuccess": "Completed", "TaskFailed": "Failed",
                                           "TaskSkipped": "Skipped"}[kind]


def expectation(tasks: list[dict], n: int) -> dict[str, tuple[str, int]]:
    """Status and attempts of every task, from the plan alone; what crashes must not change."""
    statuses: dict[str, str] = {}
    expected: dict[str, tuple[str, int]] = {}
    because_of_failure: set[str] = set()
    for task in tasks:
        name = task["id"]
        if task["rule"] is None:
            blocked = any(statuses[d] == "Failed" or d in because_of_failure for d in task["after"])
            if blocked:
                because_of_failure.add(name)
            runs = not blocked
        else:
            runs = holds(task["rule"], statuses, n)
        if not runs:
            statuses[name], expected[name] = "Skipped", ("Skipped", 1)
            continue
        failures = task["failures"][n % len(task["failures"])]
        failed = failures >= task["attempts"]
        statuses[name] = "Failed" if failed else "Completed"
        expected[name] = statuses[name], task["attempts"] if failed else failures + 1
    return expected


def expected_end(tasks: list[dict], statuses: dict[str, str]) -> str:
    def names(rule: dict | None) -> set[str]:
        if rule is None:
            return set()
        if "conditions" in rule:
            return set().union(*[names(part) for part in rule["conditions"]])
        return {rule["task_name"]} if rule["type"] == "TaskFailed" else set()

    handled = set().union(*[names(task["rule"]) for task in tasks if statuses[task["id"]] == "Completed"], set())
    return "Failed" if any(s == "Failed" and t not in handled for t, s in statuses.items()) else "Completed"


def check_outcomes(storm: Storm):
    """Every task and every execution ended as its plan says: no innocent failed, no attempt was lost or used up."""
    for name, row in storm.executions.items():
        tasks = storm.plans[row["workflow"]]
        n = json.loads(row["input"])["n"]
        stored = storm.tasks[name]
        statuses = {}
        for task in tasks:
            found = stored.get(task["id"])
            status, attempt = expectation(tasks, n)[task["id"]]
            if found is None:
                yield f"{name}/{task['id']}: no row, expected {status}"
                continue
            statuses[task["id"]] = found["status"]
            if task["at_most_once"] and found["status"] == "Failed" and found["error"] in (LOST, STOPPED):
                continue
            if (found["status"], found["attempt"]) != (status, attempt):
                yield (f"{name}/{task['id']}: {found['status']} with attempt {found['attempt']}, expected {status} with "
                       f"{attempt}; crashes {found['crashes']}, error {found['error']}")
            for earlier in range(1, attempt + (status == "Failed")):
                if (name, task["id"], earlier) not in storm.attempts:
                    yield f"{name}/{task['id']}: attempt {earlier} failed and has no row"
        if len(statuses) == len(tasks) and row["status"] != expected_end(tasks, statuses):
            yield f"{name}: {row['status']}, its tasks say {expected_end(tasks, statuses)}: {statuses}"


def check_bodies(storm: Storm):
    """Recorded results come from bodies that ran, and each body ran after what it depends on was recorded."""
    runs: dict[tuple[str, str], list[dict]] = collections.defaultdict(list)
    for start in storm.starts:
        runs[start["execution"], start["task"]].append(start)
        if any(status not in FINAL for status in start["after"].values()):
            yield f"a body began before its dependencies were recorded: {start}"
        if start["execution"] not in storm.executions:
            yield f"a body ran for an execution that is not stored: {start}"
    for name, row in storm.executions.items():
        tasks = {task["id"]: task for task in storm.plans[row["workflow"]]}
        for task in storm.tasks[name].values():
            started = runs[name, task["task"]]
            if task["status"] in ("Completed", "Failed") and task["error"] != LOST:
                seen = {start["attempt"] for start in started}
                if not seen.issuperset(range(1, task["attempt"] + 1)):
                    yield f"{name}/{task['task']}: {task['attempt']} attempts recorded, bodies ran for {sorted(seen)}"
            if task["status"] == "Skipped" and started:
                yield f"{name}/{task['task']} is Skipped and ran {len(started)} times"
            if tasks[task["task"]]["at_most_once"] and len(started) > 1:
                yield f"{name}/{task['task']} is at-most-once and ran {len(started)} times"
            if task["status"] == "Completed":
                value = json.loads(task["delta"])["set"][f"r_{task['task']}"]
                if value not in {start["value"] for start in started}:
                    yield f"{name}/{task['task']}: the recorded result {value} comes from no body"


def check_inputs(storm: Storm):
    """Whatever a body was given is what was recorded: of every completed task upstream, and of no other."""
    recorded: dict[str, dict[str, str]] = {}
    above: dict[str, dict[str, set[str]]] = {
        name: {task["id"]: plans.upstream(tasks, task) for task in tasks} for name, tasks in storm.plans.items()}
    for start in storm.starts:
        row = storm.executions.get(start["execution"])
        if row is None:
            continue
        name = start["execution"]
        if name not in recorded:
            recorded[name] = {task["task"]: json.loads(task["delta"])["set"][f"r_{task['task']}"]
                              for task in storm.tasks[name].values() if task["status"] == "Completed"}
        expected = {task: value for task, value in recorded[name].items()
                    if task in above[row["workflow"]][start["task"]]}
        given = start["given"]
        results = {key[2:]: value for key, value in given.items() if key.startswith("r_")}
        if results != expected or given.get("shared", {}) != expected or given.get("n") != json.loads(row["input"])["n"]:
            yield f"{name}/{start['task']} was given {given}, recorded is {expected}"


def check_runners(storm: Storm):
    """Who was told to end did so as a runner of its own, whoever it had been before; nobody else is left."""
    for pid in storm.statistics["ended"]:
        states = [runner["state"] for runner in storm.runners if runner["pid"] == pid]
        if sorted(set(states)) not in (["stopped"], ["dead", "stopped"]) or states.count("stopped") != 1:
            yield f"process {pid} was told to end, and its runners are {states}"


CHECKS = [check_accepted, check_ended, check_history, check_outcomes, check_bodies, check_inputs, check_runners]


def judge(directory: pathlib.Path, database) -> Verdict:
    try:
        storm = Storm(directory, database)
    except (OSError, DatabaseError, KeyError, ValueError) as error:
        return Verdict([], void=f"the traces cannot be read: {error!r}")
    problems = [f"integrity_check: {storm.integrity}"] if storm.integrity != "ok" else []
    problems += storm.statistics["problems"]
    for check in CHECKS:
        problems += [f"{check.__name__.removeprefix('check_')}: {problem}" for problem in check(storm)]
    rows = storm.executions.values()
    named = ("kills", "stalls", "hits", *(["slowest_return_s"] if storm.statistics["slowest_return_s"] else []))
    figures = {**{name: storm.statistics[name] for name in named},
               "accepted": len(storm.accepted), "bodies_begun": len(storm.starts),
               "runners_declared_dead": len(declared_dead(storm)), "taken_over": sum(row["takeovers"] for row in rows),
               "crashes_counted": sum(task["crashes"] for tasks in storm.tasks.values() for task in tasks.values())}
    return Verdict(problems, why_void(storm), figures)


def main() -> int:
    directory = pathlib.Path(sys.argv[1])
    verdict = judge(directory, SqliteFile(directory / "storm.db"))
    for problem in verdict.problems[:50]:
        print(problem)
    if len(verdict.problems) > 50:
        print(f"… and {len(verdict.problems) - 50} more")
    if verdict.problems:
        return 1
    print(f"void: {verdict.void}" if verdict.void else "nothing lost, nothing twice")
    return 2 if verdict.void else 0


if __name__ == "__main__":
    sys.exit(main())
