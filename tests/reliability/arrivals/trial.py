"""Arrivals: files come into a directory that triggers poll; the process that polls is killed: each file is fired for exactly once."""

from __future__ import annotations

import collections
import json
import subprocess
import time

from databases import DatabaseError
from trial import Trial, Void, settle

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"state_in_memory": "R14: what a trigger keeps is stored with what it fires"}
NOTICED_BY = {"state_in_memory": {"twice"}}

PROCESSES = 3
TRIGGERS = ("sync", "coroutine")
SETTLE_S = 30

INPUTS = "SELECT input, status FROM workflow_executions"
POLLER = {
    "sqlite": """SELECT r.pid FROM schedules AS s JOIN runners AS r ON r.id = s.runner WHERE s.name = 'sync' AND r.state = 'alive'""",
    "postgres": """SELECT r.pid FROM schedules AS s JOIN runners AS r ON r.id = s.runner WHERE s.name = 'sync' AND r.state = 'alive'""",
}


class Arrivals:
    """The processes, the directory, and what became of it."""

    def __init__(self, trial: Trial) -> None:
        self.trial, self.database = trial, trial.database("arrivals")
        self.inbox, self.locks = trial.directory / "inbox", trial.directory / "locks"
        for directory in (self.inbox, self.locks):
            directory.mkdir()
        self.overlaps, self.log = trial.directory / "overlaps", trial.directory / "log"
        self.files: list[str] = []
        self.kills = self.pollers_killed = 0

    def start(self) -> subprocess.Popen:
        with self.log.open("ab") as log:
            return subprocess.Popen([self.trial.program("arrivals"), self.database.url, str(self.inbox), str(self.locks),
                                     str(self.overlaps)], env=self.trial.environment(), stdout=log, stderr=log)

    def deliver(self) -> None:
        """A file is complete before it has its name, and names come in their order."""
        for _ in range(self.trial.dice.randrange(1, 6)):
            name = f"{len(self.files):06}.csv"
            (self.inbox / f".{name}").write_text(name)
            (self.inbox / f".{name}").rename(self.inbox / name)
            self.files.append(name)

    def polling_pid(self) -> int | None:
        try:
            rows = self.database.rows(POLLER[self.database.backend])
        except DatabaseError:  # a file whose last writer was killed is read once somebody has opened it
            return None
        return rows[0]["pid"] if rows else None

    def run(self, kills: int) -> list[str]:
        processes = [self.start() for _ in range(PROCESSES)]
        problems: list[str] = []
        try:
            while self.kills < kills and not problems:
                self.deliver()
                time.sleep(self.trial.dice.expovariate(20))
                if self.trial.dice.random() > 0.2:
                    continue
                # Mostly the one that polls: the others do nothing that could go wrong here.
                polls = self.polling_pid()
                victim = next((i for i, process in enumerate(processes) if process.pid == polls), None)
                self.pollers_killed += victim is not None
                if victim is None:
                    if self.trial.dice.random() < 0.97:
                        continue
                    victim = self.trial.dice.randrange(PROCESSES)
                if (code := processes[victim].poll()) is not None:
                    problems.append(f"exit: a process ended by itself with {code}; see {self.log}")
                processes[victim].kill()
                processes[victim].wait()
                self.kills += 1
                processes[victim] = self.start()
            settle(self.judge, SETTLE_S)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return problems + self.judge()

    def judge(self) -> list[str]:
        fired: dict[str, collections.Counter] = {name: collections.Counter() for name in TRIGGERS}
        unfinished = 0
        for row in self.database.rows(INPUTS):
            given = json.loads(row["input"])
            fired[given["trigger"]][given["file"]] += 1
            unfinished += row["status"] != "Completed"
        problems = [f"unfinished: {unfinished} executions did not complete"] if unfinished else []
        for name, files in fired.items():
            problems += [f"lost: trigger {name} did not fire for {file}" for file in self.files if not files[file]]
            problems += [f"twice: trigger {name} fired {count} times for {file}" for file, count in files.items() if count > 1]
        if self.overlaps.exists():
            problems.append(f"overlap: polls ran side by side: {self.overlaps.read_text().split()}")
        return problems


def run(trial: Trial) -> list[str]:
    arrivals = Arrivals(trial)
    wanted = trial.by_scale(10, 300, 3_000)
    problems = arrivals.run(wanted)
    arrivals.database.close()
    trial.note(files=len(arrivals.files), kills=arrivals.kills, pollers_killed=arrivals.pollers_killed)
    if arrivals.pollers_killed < wanted // 4 and not problems:
        raise Void(f"only {arrivals.pollers_killed} of the {arrivals.kills} that were killed polled")
    return problems
