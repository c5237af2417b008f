"""Half open: nothing is forwarded any more, and no connection ends; every call returns in time, and work goes on afterwards.

A proxy takes what comes and keeps it: requests and answers, or answers alone; from any moment on, or from a certain message of a
certain transaction.  Then it goes on, and what was kept arrives late.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
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
from fault_proxy import FaultProxy

BACKENDS = ("postgres",)
MUTANTS = {"no_client_deadline": "the watchdog: a call that the server does not answer is given up"}
NOTICED_BY = {"no_client_deadline": ("late",)}

# What docs/reference/blocking.md says, for the program's lease of 2 s and the URL's connect_timeout, in seconds.
CONNECT_S = 2.0
CHECK_S, STATEMENT_S, CLIENT_STATEMENT_S, READ_S = 5.0 + 1.0, 1.0 + 1.0, 7.5 + 1.0, 30.0 + 1.0
READING_S = CONNECT_S + READ_S
WRITING_S = 30.0 + CONNECT_S + CLIENT_STATEMENT_S
LIMITS_S = {**{f"{who}{verb}": READING_S for who in ("", "client_") for verb in ("status", "result", "list", "runners")},
            "client_submit": WRITING_S, "client_cancel": WRITING_S + 30.0 + READING_S,
            "open": 3 * (CONNECT_S + CHECK_S), "join": 3 * (CONNECT_S + CHECK_S) + 3 * (CONNECT_S + STATEMENT_S),
            "wait_for": 2.0, "part": 2.0 + 0.5}
LATER = 1.1           # of a limit
STANDSTILL_MS = 50    # of the program, within a call: then its limit has moved by as much
READY_S = 30.0        # when nothing is wrong
HELD_S = 0.4          # a call that took longer was met by the stop
ENOUGH_HELD = 0.7     # of the rounds
HIT_S = 3.0           # for the message that everything stops at

# What is called while nothing is forwarded: for less time than any call gives up by itself, or until all have that do.
SHORT = ("submit", "execute", "cancel", "wait_for", "list", "client_submit", "client_status", "client_cancel")
LIFE = ("join", "open", "part")
LONG = ("submit", "cancel", "wait_for", "status", "result", "list", "runners",
        "client_submit", "client_cancel", "client_status", "client_result", "client_list", "client_runners")


@dataclasses.dataclass
class Call:
    number: int
    verb: str
    object: str
    begun: float
    answers: queue.Queue = dataclasses.field(default_factory=lambda: queue.Queue(1))
    said: str = ""        # empty: nothing yet
    took_s: float = 0.0
    stood_still_s: float = 0.0

    def wait(self, until: float) -> bool:
        """Whether it has returned by then."""
        if not self.said:
            try:
                took, stood_still, self.said = self.answers.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return False
            self.took_s, self.stood_still_s = int(took) / 1000, int(stood_still) / 1000
        return True


class Program:
    """The program at work, and the calls that it makes."""

    def __init__(self, trial: Trial, url: str, log: pathlib.Path) -> None:
        self.log = log.open("a")
        self.process = subprocess.Popen([trial.program("half_open"), url], env=trial.environment(), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.calls = {0: Call(0, "start", "", time.monotonic())}
        threading.Thread(target=self._listen, daemon=True).start()
        if not self.calls[0].wait(time.monotonic() + READY_S):
            raise Void("the program did not start")

    def _listen(self) -> None:
        for line in self.process.stdout:
            if not line.startswith("> "):
                print(line, end="", file=self.log, flush=True)  # what the library logs
                continue
            number, took, stood_still, said = line[2:].rstrip("\n").split(" ", 3)
            self.calls[int(number)].answers.put((took, stood_still, said))

    def call(self, verb: str, of: str = "") -> Call:
        call = self.calls[len(self.calls)] = Call(len(self.calls), verb, of, time.monotonic())
        self.process.stdin.write(f"{call.number} {verb} {of}\n")
        self.process.stdin.flush()
        return call

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int | str:
        return end_by_input(self.process, READY_S)


class Lane:
    """One database, one program, and stops of its network, one after the other."""

    def __init__(self, trial: Trial, database: PostgresSchema, verbs: tuple[str, ...], seed: int) -> None:
        self.trial, self.database, self.verbs = trial, database, verbs
        self.dice = type(trial.dice)(seed)
        self.back_s = trial.by_scale(10.0, 5.0, 5.0)  # quick shares its machine with other suites
        self.proxy = FaultProxy(database.server)
        self.problems: list[str] = []
        self.numbers = 0
        self.submissions: dict[int, tuple[str, Call]] = {}  # by number: the workflow
        self.made: list[Call] = []
        self.longest_s: dict[str, float] = {}
        self.slowest_back_s = 0.0
        self.first_stop, self.stops, self.held = self.dice.randrange(60), 0, 0

    def run(self, rounds: int) -> None:
        self.program = Program(self.trial, self.proxy.through(self.database.url) + f"&connect_timeout={CONNECT_S:.0f}",
                               self.trial.directory / f"log.{self.database.schema}")
        try:
            for _ in range(rounds):
                self.make_round()
                if self.problems:
                    return
            code = self.program.end()
            if code != 0:
                self.problems.append(f"exit: the program ended with {code}")
            self.problems += judge(self)
        finally:
            self.program.kill()
            self.proxy.close()
            self.database.close()

    def make_round(self) -> None:
        """Everything at work; a stop; calls; what has no limit of its own returns once the network is back."""
        endless = [self.well("begin").said.split()[1] for _ in range(3)]
        ended = self.well("execute").said.split()[1]
        if self.problems:
            return
        objects = {"wait_for": endless[0], "cancel": endless[1], "client_cancel": endless[2]}
        if self.stops == 0 or self.dice.random() < 0.5:  # else there are no sessions, after the last stop
            for verb in ("status", "client_status", "client_submit"):
                self.well(verb, ended)
        if self.verbs == LIFE:
            calls = self.open_and_close()
        else:
            self.stop("group", "renewal", "submission", "cancellation")
            calls = [self.call(verb, objects.get(verb, ended)) for verb in self.verbs]
            self.see_stop()
        if self.verbs == SHORT:
            time.sleep(self.dice.uniform(0.3, 0.7 * CONNECT_S))
        elif self.verbs == LONG:
            for call in calls:
                if call.verb in LIMITS_S:
                    self.judge_limit(call)
        self.come_back(calls)
        self.held += any(call.took_s > HELD_S for call in calls)
        for execution in endless:
            self.well("client_cancel", execution, may_be_final=True)

    def open_and_close(self) -> list[Call]:
        """The beginnings and the end of what is opened."""
        self.stop("registration", "registration", "registration")
        opened = [self.call("join"), self.call("open")]
        self.see_stop()
        for call in opened:
            self.judge_limit(call)
        self.proxy.go_on()
        if opened[0].said.startswith("refused"):
            self.well("join")
        self.stop("release", "hint", "farewell")
        parted = self.call("part")
        self.see_stop()
        self.judge_limit(parted)
        return [*opened, parted]

    def stop(self, *kinds: str) -> None:
        """At the commit of one of the kinds, at any message, or when the calls are made: one after the other."""
        points = (*kinds, "anything", "now")
        point = points[(self.first_stop + self.stops) % len(points)]
        self.stops += 1
        self.fault = None
        if point == "now":
            self.proxy.stop(*self.dice.choice(((), ("answers",))))
        else:
            nth = self.dice.randint(1, 30) if point == "anything" else 1
            self.fault = self.proxy.arm(point, self.dice.choice(("stop before", "stop behind")), nth)

    def see_stop(self) -> None:
        """At the message that was chosen, or now."""
        if self.fault is not None and not self.fault.hit.wait(HIT_S):
            self.proxy.disarm()
            self.proxy.stop()

    def call(self, verb: str, of: str = "") -> Call:
        if verb in ("submit", "execute", "begin", "client_submit"):
            self.numbers += 1
            call = self.program.call(verb, str(self.numbers))
            self.submissions[self.numbers] = "endless" if verb == "begin" else "steps", call
        else:
            call = self.program.call(verb, of)
        self.made.append(call)
        return call

    def well(self, verb: str, of: str = "", may_be_final: bool = False) -> Call:
        """A call while nothing is wrong."""
        call = self.call(verb, of)
        if not call.wait(time.monotonic() + READY_S):
            self.problems.append(f"stuck: {verb} did not return within {READY_S} s while nothing was wrong")
        elif call.said.startswith("refused") and not may_be_final:
            self.problems.append(f"refused: {verb} while nothing was wrong: {call.said}")
        return call

    def judge_limit(self, call: Call) -> None:
        limit = LATER * LIMITS_S[call.verb]
        if not call.wait(call.begun + limit + 2.0):
            self.problems.append(f"late: {call.verb} has not returned after {time.monotonic() - call.begun:.1f} s, "
                                 f"its limit is {LIMITS_S[call.verb]} s")
            return
        stood_still = call.stood_still_s if call.stood_still_s * 1000 > STANDSTILL_MS else 0.0
        if call.took_s - stood_still > limit:
            self.problems.append(f"late: {call.verb} took {call.took_s} s, its limit is {LIMITS_S[call.verb]} s: {call.said}")
        self.longest_s[call.verb] = max(self.longest_s.get(call.verb, 0.0), call.took_s)

    def come_back(self, calls: list[Call]) -> None:
        self.proxy.disarm()
        self.proxy.go_on()
        back = time.monotonic()
        if self.problems:
            return
        for call in calls:
            if not call.wait(back + self.back_s):
                self.problems.append(f"stuck: {call.verb} had not returned {self.back_s} s after the network was back")
                return
            if call.said.startswith("refused") and self.verbs == SHORT:
                self.problems.append(f"refused: {call.verb}, though the network was back soon: {call.said}")
        work = self.well("execute")
        self.slowest_back_s = max(self.slowest_back_s, time.monotonic() - back)
        if time.monotonic() - back > self.back_s:
            self.problems.append(f"return: the runner was at work again only {time.monotonic() - back:.1f} s after the network: {work.said}")


def judge(lane: Lane):
    """What the tables say of what was asked."""
    rows = lane.database.rows("SELECT id, workflow, status, owner, input FROM workflow_executions")
    stored: dict[int, list[dict]] = {}
    for row in rows:
        stored.setdefault(json.loads(row["input"])["n"], []).append(row)
    for number, (workflow, call) in lane.submissions.items():
        found = stored.pop(number, [])
        if len(found) > 1:
            yield f"twice: {number} is there {len(found)} times"
        elif call.said.startswith("accepted") and (not found or found[0]["id"] != call.said.split()[1]):
            yield f"told: {call.verb} {number} was {call.said}, and there is {found}"
        elif found and call.said.startswith("refused") and "not known" not in call.said:
            yield f"told: {call.verb} {number} was {call.said}, and is there"
        elif found and (found[0]["status"] != ("Cancelled" if workflow == "endless" else "Completed") or found[0]["owner"]):
            yield f"ends: {number} of {workflow} is {found}"
    if stored:
        yield f"twice: nobody asked for {stored}"
    statuses = {row["id"]: row["status"] for row in rows}
    for call in lane.made:
        if call.said == "cancelled" and statuses[call.object] != "Cancelled":
            yield f"told: {call.object} was said to be cancelled, and is {statuses[call.object]}"
    runners = sorted(row["state"] for row in lane.database.rows("SELECT state FROM runners WHERE name = 'first'"))
    if runners.count("stopped") != 1 or "alive" in runners:
        yield f"released: the runner that was told to end is {runners}"


def run(trial: Trial) -> list[str]:
    quick = trial.scale == "quick" or bool(trial.mutant)
    lanes_of = [(SHORT, 5 if quick else 60), (LIFE, 5 if quick else 30), (LONG, 1), (LONG, 1)]
    if not quick:
        lanes_of = [(verbs, 6 * rounds if verbs == LONG else rounds) for verbs, rounds in lanes_of]
    databases = [trial.database(str(number)) for number in range(len(lanes_of))]
    lanes = [Lane(trial, database, verbs, trial.seed + i) for i, (database, (verbs, _)) in enumerate(zip(databases, lanes_of))]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for done in [pool.submit(lane.run, rounds) for lane, (_, rounds) in zip(lanes, lanes_of)]:
            done.result()
    problems = [problem for lane in lanes for problem in lane.problems]
    rounds = sum(rounds for _, rounds in lanes_of)
    held = sum(lane.held for lane in lanes)
    trial.note(rounds=rounds, stops=sum(lane.stops for lane in lanes), calls=sum(len(lane.made) for lane in lanes),
               longest_s={verb: round(max(lane.longest_s.get(verb, 0.0) for lane in lanes), 1) for verb in LIMITS_S},
               slowest_return_s=round(max(lane.slowest_back_s for lane in lanes), 2))
    if not problems and held < ENOUGH_HELD * rounds:
        raise Void(f"only in {held} of {rounds} rounds was a call held up")
    return problems
