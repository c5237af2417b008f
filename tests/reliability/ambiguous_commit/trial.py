"""Ambiguous commit: a commit is lost on its way, or its answer, or it comes late; callers are told what is true, once.

A proxy meets one transaction of each kind that the library makes, again and again.  Judged are the tables, read past the proxy,
against what the program was asked and what it said.
"""

from __future__ import annotations

import collections
import concurrent.futures
import json
import pathlib
import queue
import subprocess
import sys
import threading
import time

from databases import PostgresSchema
from trial import Trial, Void, end_by_input

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from fault_proxy import Fault, FaultProxy

BACKENDS = ("postgres",)
MUTANTS = {"unknown_is_failure": "R8: a commit without an answer is taken for one that was not made"}
NOTICED_BY = {"unknown_is_failure": ("told",)}

WAYS = ("answer", "request", "late")
LANES = (("group", "renewal", "batch"), ("submission", "definition", "cancellation", "claim"), ("registration", "release"),
         ("takeover",), ("migration",))
LEASE_S = 2.0         # as in main.cpp
STATEMENTS = 4        # of `run steps`: the submission and the ends of three tasks
LATE_S = 0.3          # at most, on its way past the retry
ANSWER_S = 30.0
ENOUGH_HIT = 0.9      # of the faults
ENDS = {"steps": lambda n: {"n": n, "a": n + 1, "b": n + 1, "c": n + 1}, "nothing": lambda n: {"n": n}}


class Program:
    """The program at work, and what it says."""

    def __init__(self, trial: Trial, url: str, log: pathlib.Path) -> None:
        self.log = log.open("a")
        self.process = subprocess.Popen([trial.program("ambiguous_commit"), url], env=trial.environment(), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.lines: queue.Queue[list[str]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            if not line.startswith("> "):
                print(line, end="", file=self.log, flush=True)  # what the library logs
                continue
            self.lines.put(line[2:].split())

    def tell(self, command: str) -> None:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        try:
            return self.lines.get(timeout=ANSWER_S)
        except queue.Empty:
            return ["silent"]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int | str:
        return end_by_input(self.process, ANSWER_S)


class Lane:
    """One database, one program, and faults of some kinds, one after the other."""

    def __init__(self, trial: Trial, database: PostgresSchema, kinds: tuple[str, ...], seed: int) -> None:
        self.trial, self.database, self.kinds = trial, database, kinds
        self.dice = type(trial.dice)(seed)
        self.proxy = FaultProxy(database.server)
        self.problems: list[str] = []
        self.asked: dict[int, tuple[str, str, str]] = {}  # by number: the workflow, how it has to end, what was said
        self.cancelled: list[str] = []
        self.joined = self.taken_over = 0
        self.faults: collections.Counter[tuple[str, str, bool]] = collections.Counter()  # kind, way, whether it hit
        self.program: Program | None = None

    def run(self, rounds: int) -> None:
        try:
            if self.kinds != ("migration",):
                self.start()
            for turn in range(rounds * len(WAYS)):
                self.round, self.way = turn // len(WAYS), WAYS[turn % len(WAYS)]
                for kind in self.kinds:
                    getattr(self, kind)()
                    if self.problems:  # of what follows from one, the worst is told
                        self.problems += [problem for problem in judge(self) if problem.startswith("told")]
                        return
            if self.program is not None:
                self.end()
        finally:
            if self.program is not None:
                self.program.kill()
            self.proxy.close()
            self.database.close()

    def start(self) -> None:
        self.program = Program(self.trial, self.proxy.through(self.database.url), self.log)
        if (said := self.program.answer()) != ["ready"]:
            self.problems.append(f"refused: the program did not start: {' '.join(said)}")

    @property
    def log(self) -> pathlib.Path:
        return self.trial.directory / f"log.{self.database.schema}"

    def end(self) -> None:
        """The last word of the program, and the judgement."""
        code = self.program.end()
        if code != 0:
            self.problems.append(f"exit: the program ended with {code}")
        self.problems += judge(self)

    # What is asked of the program.

    def ask(self, command: str) -> list[str]:
        self.program.tell(command)
        said = self.program.answer()
        if said[0] in ("refused", "silent"):
            self.problems.append(f"{said[0]}: {self.way} of {'/'.join(self.kinds)}: {command}: {' '.join(said[1:])}")
        return said

    def submit(self, verb: str, workflow: str, end: str) -> str:
        """The id of the execution, or nothing."""
        number = len(self.asked) + 1
        said = self.ask(f"{verb} {workflow} {number}")
        self.asked[number] = workflow, end, " ".join(said)
        if verb == "run" and said[0] == "accepted" and said[2] != end:
            self.problems.append(f"told: {number} was said to be {said[2]}, expected {end}")
        return said[1] if said[0] == "accepted" else ""

    def cancel(self, execution: str) -> None:
        if execution and self.ask(f"cancel {execution}") == ["cancelled"]:
            self.cancelled.append(execution)

    def wait_for(self, what: str, sql: str) -> None:
        """Until the database says true."""
        give_up = time.monotonic() + ANSWER_S
        while not self.database.one(sql):
            if time.monotonic() > give_up:
                self.problems.append(f"ends: {self.way} of {'/'.join(self.kinds)}: {what} did not come within {ANSWER_S} s")
                return
            time.sleep(0.01)

    def wait_for_end(self, execution: str) -> None:
        if execution:
            self.wait_for("the end", f"SELECT completed_at IS NOT NULL FROM workflow_executions WHERE id = '{execution}'")

    def arm(self, kind: str, nth: int = 1) -> Fault:
        return self.proxy.arm(kind, self.way, nth, self.dice.uniform(0, LATE_S))

    def count(self, fault: Fault) -> None:
        self.proxy.disarm()
        self.faults[fault.kind, self.way, fault.hit.is_set()] += 1

    # One fault of each kind.

    def group(self) -> None:
        fault = self.arm("group", 1 + self.round % STATEMENTS)
        self.submit("run", "steps", "Completed")
        self.count(fault)

    def batch(self) -> None:
        fault = self.arm("batch")
        self.submit("run", "nothing", "Completed")
        self.count(fault)

    def renewal(self) -> None:
        fault = self.arm("renewal")
        fault.hit.wait(LEASE_S)
        self.count(fault)
        self.submit("run", "steps", "Completed")

    def claim(self) -> None:
        fault = self.arm("claim")
        self.wait_for_end(self.submit("leave", "steps", "Completed"))
        self.count(fault)

    def submission(self) -> None:
        fault = self.arm("submission")
        execution = self.submit("leave", "steps", "Completed")
        self.count(fault)
        self.wait_for_end(execution)

    def definition(self) -> None:
        self.ask("open")
        fault = self.arm("definition")
        execution = self.submit("leave", "steps", "Completed")
        self.count(fault)
        self.wait_for_end(execution)

    def cancellation(self) -> None:
        """Of one that a runner owns, or of one that waits for its time and nobody owns."""
        execution = self.submit(self.dice.choice(("begin", "later")), "endless", "Cancelled")
        fault = self.arm("cancellation")
        self.cancel(execution)
        self.count(fault)

    def registration(self) -> None:
        fault = self.arm("registration")
        self.ask("join")
        self.count(fault)
        self.joined += 1
        found = self.database.one("SELECT count(*) FROM runners WHERE name = 'second'")
        if found != self.joined:
            self.problems.append(f"twice: {self.way} of registration: {self.joined} runners have joined, and {found} are registered")

    def release(self) -> None:
        """Of one that waits for its time: no body uses up the time of the shutdown."""
        execution = self.submit("keep", "endless", "Cancelled")
        fault = self.arm("release")
        self.ask("part")
        self.count(fault)
        self.wait_for("the release", "SELECT count(*) = 0 FROM runners WHERE name = 'second' AND state <> 'stopped'")
        self.cancel(execution)

    def takeover(self) -> None:
        """From a process that is killed; it worked past the proxy."""
        victim = Program(self.trial, self.database.url, self.log)
        number = len(self.asked) + 1
        victim.answer()
        victim.tell(f"begin endless {number}")
        said = victim.answer()
        self.asked[number] = "endless", "Cancelled", " ".join(said)
        fault = self.arm("takeover")
        victim.kill()
        self.taken_over += 1
        self.wait_for("the takeover", f"SELECT takeovers = 1 AND owner IS NOT NULL FROM workflow_executions WHERE id = '{said[1]}'")
        self.count(fault)
        self.cancel(said[1])

    def migration(self) -> None:
        """Of a new database."""
        self.database.script("", f"DROP SCHEMA IF EXISTS {self.database.schema} CASCADE")
        self.asked, fault = {}, self.arm("migration")
        self.start()
        self.count(fault)
        if not self.problems:
            self.submit("run", "steps", "Completed")
            self.end()


def judge(lane: Lane):
    """What the tables say of what was asked."""
    stored = collections.defaultdict(list)
    for row in lane.database.rows("SELECT id, workflow, status, owner, takeovers, input, output FROM workflow_executions"):
        stored[json.loads(row["input"])["n"]].append(row)
    for number, (workflow, end, said) in lane.asked.items():
        rows = stored.pop(number, [])
        accepted = said.startswith("accepted")
        if len(rows) > 1:
            yield f"twice: {number} is there {len(rows)} times"
        elif accepted and (not rows or rows[0]["id"] != said.split()[1]):
            yield f"told: {number} was {said}, and there is {rows}"
        elif not accepted and rows:
            yield f"told: {number} was {said}, and is there"
        elif rows and (rows[0]["workflow"], rows[0]["status"], rows[0]["owner"]) != (workflow, end, None):
            yield f"ends: {number} of {workflow} has to be {end}, and is {rows}"
        elif rows and end == "Completed" and json.loads(rows[0]["output"]) != ENDS[workflow](number):
            yield f"ends: {number} of {workflow} ended with {rows[0]['output']}"
    if stored:
        yield f"twice: nobody asked for {dict(stored)}"
    requests = collections.Counter((row["execution_id"], row["outcome"]) for row in
                                   lane.database.rows("SELECT execution_id, outcome FROM control_requests"))
    if requests != {(execution, "applied"): 1 for execution in lane.cancelled}:
        yield f"twice: {lane.cancelled} were cancelled, and the requests are {dict(requests)}"
    runners = collections.Counter((row["name"], row["state"]) for row in lane.database.rows("SELECT name, state FROM runners"))
    expected = {("first", "stopped"): 1, ("second", "stopped"): lane.joined, ("first", "dead"): lane.taken_over}
    if runners != {who: count for who, count in expected.items() if count}:
        yield f"twice: the runners are {dict(runners)}, expected {expected}"
    taken = lane.database.one("SELECT coalesce(sum(takeovers), 0) FROM workflow_executions")
    if taken != lane.taken_over:
        yield f"twice: {lane.taken_over} executions lost their runner, and {taken} takeovers are counted"
    for row in lane.database.rows("SELECT version, count(*) AS times FROM schema_migrations GROUP BY version HAVING count(*) > 1"):
        yield f"twice: step {row['version']} of the schema was made {row['times']} times"


def run(trial: Trial) -> list[str]:
    rounds = 2 if trial.mutant else trial.by_scale(4, 25, 25)
    slow = 2 if trial.scale == "quick" else rounds  # a takeover waits for the lease
    databases = [trial.database(kinds[0]) for kinds in LANES]
    lanes = [Lane(trial, database, kinds, trial.seed + i) for i, (database, kinds) in enumerate(zip(databases, LANES))]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for done in [pool.submit(lane.run, slow if lane.kinds == ("takeover",) else rounds) for lane in lanes]:
            done.result()
    problems = [problem for lane in lanes for problem in lane.problems]
    faults = sum((lane.faults for lane in lanes), collections.Counter())
    hits = sum(count for (_, _, hit), count in faults.items() if hit)
    trial.note(faults=sum(faults.values()), hits=hits, kinds=len({kind for kind, _, hit in faults if hit}),
               **{f"{way}s_lost" if way != "late" else "late": sum(count for (_, w, hit), count in faults.items() if hit and w == way)
                  for way in WAYS}, executions=sum(len(lane.asked) for lane in lanes))
    missed = {kind for lane in lanes for kind in lane.kinds
              if any(not faults[kind, way, True] for way in WAYS)} if not problems else set()
    if missed or (not problems and hits < ENOUGH_HIT * sum(faults.values())):
        raise Void(f"only {hits} of {sum(faults.values())} faults hit; kinds that were missed: {sorted(missed)}")
    return problems
