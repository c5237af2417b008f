"""Lets four processes work on one database, kills and stalls them at random, and leaves the traces to the checker."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import time

from databases import DatabaseError
from storm import checker, workflows
from trial import Trial, Void

PROCESSES = 4
LEASE_S = 0.5          # as in worker.cpp
SETTLE_LIMIT_S = 90.0  # a task that was hit several times waits for 16 s

# Written by the database itself, in the very transaction that breaks a rule; empty after a good storm.
HISTORY = """
CREATE TABLE storm_history (at INTEGER PRIMARY KEY, kind TEXT, execution_id BLOB, task TEXT, old TEXT, new TEXT);
CREATE TRIGGER storm_task_again AFTER UPDATE ON task_executions
  WHEN OLD.status IN ('Completed', 'Failed', 'Skipped', 'Cancelled') BEGIN
  INSERT INTO storm_history (kind, execution_id, task, old, new)
  VALUES ('a recorded result was written again', OLD.execution_id, OLD.task,
          OLD.status || ' ' || coalesce(OLD.delta, ''), NEW.status || ' ' || coalesce(NEW.delta, ''));
END;
CREATE TRIGGER storm_execution_again AFTER UPDATE ON workflow_executions
  WHEN OLD.status IN ('Completed', 'Failed', 'Cancelled') BEGIN
  INSERT INTO storm_history (kind, execution_id, old, new)
  VALUES ('an execution that had ended was written again', OLD.id, OLD.status, NEW.status);
END;
CREATE TRIGGER storm_task_deleted AFTER DELETE ON task_executions BEGIN
  INSERT INTO storm_history (kind, execution_id, task, old, new)
  VALUES ('a task was deleted', OLD.execution_id, OLD.task, OLD.status, '');
END;
CREATE TRIGGER storm_execution_deleted AFTER DELETE ON workflow_executions BEGIN
  INSERT INTO storm_history (kind, execution_id, old, new) VALUES ('an execution was deleted', OLD.id, OLD.status, '');
END;
"""

# The same in PostgreSQL's words.
POSTGRES_HISTORY = """
CREATE TABLE storm_history (at bigserial PRIMARY KEY, kind text, execution_id uuid, task text, old text, new text);
CREATE FUNCTION storm_task() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO {s}.storm_history (kind, execution_id, task, old, new)
    VALUES ('a task was deleted', OLD.execution_id, OLD.task, OLD.status, '');
    RETURN OLD;
  END IF;
  INSERT INTO {s}.storm_history (kind, execution_id, task, old, new)
  VALUES ('a recorded result was written again', OLD.execution_id, OLD.task,
          OLD.status || ' ' || coalesce(OLD.delta, ''), NEW.status || ' ' || coalesce(NEW.delta, ''));
  RETURN NEW;
END $$;
CREATE FUNCTION storm_execution() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO {s}.storm_history (kind, execution_id, old, new) VALUES ('an execution was deleted', OLD.id, OLD.status, '');
    RETURN OLD;
  END IF;
  INSERT INTO {s}.storm_history (kind, execution_id, old, new)
  VALUES ('an execution that had ended was written again', OLD.id, OLD.status, NEW.status);
  RETURN NEW;
END $$;
CREATE TRIGGER storm_task_again AFTER UPDATE ON task_executions FOR EACH ROW
  WHEN (OLD.status IN ('Completed', 'Failed', 'Skipped', 'Cancelled')) EXECUTE FUNCTION storm_task();
CREATE TRIGGER storm_task_deleted AFTER DELETE ON task_executions FOR EACH ROW EXECUTE FUNCTION storm_task();
CREATE TRIGGER storm_execution_again AFTER UPDATE ON workflow_executions FOR EACH ROW
  WHEN (OLD.status IN ('Completed', 'Failed', 'Cancelled')) EXECUTE FUNCTION storm_execution();
CREATE TRIGGER storm_execution_deleted AFTER DELETE ON workflow_executions FOR EACH ROW EXECUTE FUNCTION storm_execution()
"""

ACTIVE = "SELECT count(*) FROM workflow_executions WHERE status NOT IN ('Completed', 'Failed', 'Cancelled')"
ORPHANS = """SELECT count(*) FROM workflow_executions AS e WHERE owner IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM runners AS r WHERE r.id = e.owner AND r.state = 'alive')"""
OWNED_BY = """SELECT count(*) FROM workflow_executions AS e JOIN runners AS r ON r.id = e.owner
              WHERE r.pid = {pid} AND r.state = 'alive'"""


WORKING = """SELECT count(*) FROM runners WHERE state = 'alive' AND lease_until > clock_timestamp()"""
SESSIONS = """SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE application_name = '{schema}' AND hashtext(pid::text || '{dice}') % 2 = 0"""


@dataclasses.dataclass
class Faults:
    """What happens to the processes: kills, and stops that are longer than the lease."""

    wanted: int            # kills; stops come on top, unless there are only stops
    limit_s: float         # so long at most; fewer faults than wanted then prove nothing
    pause_s: float         # mean time between two
    stalls: float          # part of them that are stops
    sessions: bool = False # instead of processes, their sessions are ended
    cluster: object = None # instead of processes, this server crashes
    return_s: float = 5.0  # all runners have to be back so soon after it


@dataclasses.dataclass
class Statistics:
    """What happened, for the checker."""

    wanted: int
    kills: int = 0
    stalls: int = 0
    hits: int = 0          # faults of a process that owned executions, or of a server that held unfinished ones
    of_server: bool = False            # the faults are those of the server, or of sessions there
    slowest_return_s: float = 0.0      # from the server's return until all runners had renewed their leases
    seconds: float = 0.0
    ended: list[int] = dataclasses.field(default_factory=list)  # pids of those that were told to end
    problems: list[str] = dataclasses.field(default_factory=list)

    @property
    def missing(self) -> int:
        return self.wanted - (self.kills or self.stalls)


def run(trial: Trial, faults: Faults, database=None) -> list[str]:
    """A storm from the first process to the verdict, on a new database of the trial unless one is given."""
    database = database or trial.database("storm")
    Storm(trial, faults, database).run()
    verdict = checker.judge(trial.directory, database)
    database.close()
    trial.note(**verdict.figures)
    if verdict.void and not verdict.problems:
        raise Void(verdict.void)
    return verdict.problems


class Storm:
    def __init__(self, trial: Trial, faults: Faults, database) -> None:
        self.database = database
        self.worker, self.directory, self.faults = trial.program("storm"), trial.directory, faults
        self.environment, self.dice = trial.environment(CLOACINA_TRIAL_URL=database.url), trial.dice
        self.statistics = Statistics(wanted=faults.wanted, of_server=faults.sessions or faults.cluster is not None)
        self.processes: list[subprocess.Popen | None] = [None] * PROCESSES
        self.stopped_until: dict[int, float] = {}
        (self.directory / "workflows.json").write_text(json.dumps(workflows.generate(trial.seed)))

    def run(self) -> None:
        """Everything from the first process to the last; never raises for what the storm itself shows."""
        begun = time.monotonic()
        try:
            self.prepare()
            self.rage()
            self.settle()
        except (DatabaseError, subprocess.SubprocessError, OSError) as error:
            self.statistics.problems.append(f"storm: broke off: {error!r}")
        finally:
            self.kill_all()
            self.statistics.seconds = time.monotonic() - begun
            (self.directory / "statistics.json").write_text(json.dumps(dataclasses.asdict(self.statistics)))

    def prepare(self) -> None:
        subprocess.run([self.worker, self.directory, "init"], env=self.environment, check=True, timeout=30)
        self.database.script(HISTORY, POSTGRES_HISTORY.replace("{s}", getattr(self.database, "schema", "")))
        for slot in range(PROCESSES):
            self.start(slot)

    def start(self, slot: int) -> None:
        log = open(self.directory / f"log.{slot}", "ab")
        self.processes[slot] = subprocess.Popen([self.worker, self.directory, "run", str(slot)], env=self.environment,
                                                stdout=log, stderr=log, start_new_session=True)
        log.close()

    def rage(self) -> None:
        """Faults until there were enough; a process that ends by itself is a failure."""
        deadline = time.monotonic() + self.faults.limit_s
        time.sleep(0.3)
        while self.statistics.missing > 0 and time.monotonic() < deadline:
            time.sleep(min(1.0, self.dice.expovariate(1 / self.faults.pause_s)))
            self.check_now()
            if self.faults.cluster is not None:
                self.crash_server()
                continue
            if self.faults.sessions:
                self.end_sessions()
                continue
            slot = self.choose()
            if slot in self.stopped_until:
                continue
            if self.dice.random() < self.faults.stalls:
                self.stall(slot)
            else:
                self.kill(slot)

    def check_now(self) -> None:
        for slot, process in enumerate(self.processes):
            if process.poll() is not None:
                self.statistics.problems.append(f"exit: process {slot} ended by itself with {process.returncode}; see log.{slot}")
                self.start(slot)
        now = time.monotonic()
        for slot in [slot for slot, until in self.stopped_until.items() if until <= now]:
            del self.stopped_until[slot]
            self.processes[slot].send_signal(signal.SIGCONT)
        orphans = self.database.one(ORPHANS)
        if orphans:
            self.statistics.problems.append(f"ownership: {orphans} executions have an owner that is not alive")

    def kill(self, slot: int) -> None:
        process = self.processes[slot]
        self.count_hit(process)
        process.kill()
        process.wait()
        self.statistics.kills += 1
        self.start(slot)

    def crash_server(self) -> None:
        """An immediate stop, as a power cut of the server is one; then it recovers, and all runners have to come back."""
        self.statistics.hits += self.database.one(ACTIVE) > 0
        self.faults.cluster.crash()
        time.sleep(self.dice.uniform(0, 1.0))
        self.faults.cluster.start()
        self.statistics.kills += 1
        begun = time.monotonic()
        while time.monotonic() < begun + self.faults.return_s:
            if self.database.one(WORKING) >= PROCESSES:
                break
            time.sleep(0.02)
        else:
            self.statistics.problems.append(f"return: not all runners were back within {self.faults.return_s} s after the server was")
        self.statistics.slowest_return_s = max(self.statistics.slowest_return_s, round(time.monotonic() - begun, 2))

    def end_sessions(self) -> None:
        """About every second one of all processes, in whatever state each of them is."""
        self.statistics.hits += self.database.one(ACTIVE) > 0
        ended = self.database.one(SESSIONS.format(schema=self.database.schema, dice=self.dice.random()))
        self.statistics.kills += ended > 0

    def choose(self) -> int:
        """Any process, but rather one that has work: how many have depends on how fast the machine is."""
        for _ in range(2 * PROCESSES):
            slot = self.dice.randrange(PROCESSES)
            if slot not in self.stopped_until and self.has_work(self.processes[slot]):
                break
        return slot

    def has_work(self, process: subprocess.Popen) -> bool:
        return self.database.one(OWNED_BY.format(pid=process.pid)) > 0

    def count_hit(self, process: subprocess.Popen) -> None:
        self.statistics.hits += self.has_work(process)

    def stall(self, slot: int) -> None:
        """Longer than the lease: the process wakes up as somebody that was declared dead."""
        self.count_hit(self.processes[slot])
        self.processes[slot].send_signal(signal.SIGSTOP)
        # Who stops with the file's write lock cannot be declared dead: that is a case, but not to be most of them.
        for _ in range(10):
            if self.dice.random() < 0.1 or self.database.can_be_written():
                break
            self.processes[slot].send_signal(signal.SIGCONT)
            time.sleep(self.dice.uniform(0, 0.02))
            self.processes[slot].send_signal(signal.SIGSTOP)
        self.statistics.stalls += 1
        self.stopped_until[slot] = time.monotonic() + LEASE_S * self.dice.uniform(1.5, 4.0)

    def settle(self) -> None:
        """No more work comes in: what was accepted has to end, and the processes have to end when they are told."""
        (self.directory / "stop").touch()
        deadline = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < deadline:
            self.check_now()
            # In this order: nobody submits any more, and then nothing is left.
            quiet = not self.stopped_until and all((self.directory / f"quiet.{process.pid}").exists() for process in self.processes)
            if quiet and self.database.one(ACTIVE) == 0:
                break
            time.sleep(0.05)
        for process in self.processes:
            process.terminate()
        self.statistics.ended = [process.pid for process in self.processes]
        for slot, process in enumerate(self.processes):
            try:
                code = process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                code = "no end within 15 s"
            if code != 0:
                self.statistics.problems.append(f"exit: process {slot}, told to end: {code}; see log.{slot}")

    def kill_all(self) -> None:
        for process in self.processes:
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
