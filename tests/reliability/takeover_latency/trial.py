"""Takeover latency: from the kill of a runner until everything that it owned is owned by another."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import time

from databases import DatabaseError
from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"poll_times_ten": "a poll behind the hints that comes ten times too late"}

LEASE_S = 2.0   # as in main.cpp
POLL_S = 0.2
BAR_S = LEASE_S + POLL_S + 1.0
EXECUTIONS = 5  # of each victim
PLACES = 10      # databases at a time: most of the time everybody waits
GIVE_UP_S = 30.0
# Whoever looks every 20 ms, syncs a file of its own then, and is kept from it for so long was on a machine or a disk that stood
# still: that kill is made again.
LOOK_S = 0.02
STANDSTILL_S = 0.5
MADE_AGAIN = 0.3  # of the kills at most


class Place:
    """One database, an heir that stays, and victims one after the other."""

    def __init__(self, trial: Trial, number: int) -> None:
        self.trial, self.directory = trial, trial.directory / str(number)
        self.directory.mkdir()
        self.poll_ms = round(1000 * POLL_S * (10 if trial.mutant == "poll_times_ten" else 1))
        self.database = trial.database(f"latency{number}")
        self.probe = os.open(self.directory / "probe", os.O_CREAT | os.O_WRONLY)
        self.heir = self.start(0)
        self.wait_for("the heir", lambda: self.count("SELECT count(*) FROM runners WHERE state = 'alive'") == 1)

    def start(self, executions: int) -> subprocess.Popen:
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen([self.trial.program("takeover_latency"), self.database.url, str(executions),
                                     str(self.poll_ms)], env=self.trial.environment(), stdout=log, stderr=log)

    def count(self, sql: str) -> int:
        try:
            return self.database.one(sql)
        except DatabaseError:  # the tables are being made
            return -1

    def wait_for(self, what: str, condition) -> tuple[float, bool]:
        """Seconds until it holds, and whether the machine stood still meanwhile."""
        begun = last = time.monotonic()
        stood_still = False
        while not condition():
            if time.monotonic() > begun + GIVE_UP_S:
                raise Void(f"{what} did not come within {GIVE_UP_S} s")
            time.sleep(LOOK_S)
            os.pwrite(self.probe, bytes(4096), 0)
            os.fsync(self.probe)
            now = time.monotonic()
            stood_still, last = stood_still or now - last > STANDSTILL_S, now
        return time.monotonic() - begun, stood_still

    def owned_by(self, pid: int) -> int:
        return self.count("SELECT count(*) FROM workflow_executions AS e JOIN runners AS r ON r.id = e.owner "
                          "JOIN task_executions AS t ON t.execution_id = e.id AND t.status = 'Running' "
                          f"WHERE r.pid = {pid} AND r.state = 'alive'")

    def kill_one(self) -> tuple[float, bool]:
        inherited = self.owned_by(self.heir.pid)
        victim = self.start(EXECUTIONS)
        self.wait_for("the victim", lambda: self.owned_by(victim.pid) == EXECUTIONS)
        victim.kill()
        victim.wait()
        return self.wait_for("the takeover", lambda: self.owned_by(self.heir.pid) == inherited + EXECUTIONS)

    def run(self, kills: int) -> list[tuple[float, bool]]:
        """As many as asked for while the machine ran, and those that had to be made again."""
        measured = []
        try:
            while sum(not stood_still for _, stood_still in measured) < kills:
                measured.append(self.kill_one())
                if sum(stood_still for _, stood_still in measured) > MADE_AGAIN * kills:
                    raise Void(f"the machine stood still for {STANDSTILL_S} s under too many of {len(measured)} kills")
            return measured
        finally:
            self.heir.kill()
            self.heir.wait()
            self.database.close()
            os.close(self.probe)


def percentile(sorted_values: list[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))]


def run(trial: Trial) -> list[str]:
    kills = trial.by_scale(6, 20, 50)
    places = [Place(trial, number) for number in range(PLACES)]
    with concurrent.futures.ThreadPoolExecutor(PLACES) as pool:
        measured = sorted(kill for found in pool.map(lambda place: place.run(kills), places) for kill in found)
    seconds = [second for second, stood_still in measured if not stood_still]
    p99 = percentile(seconds, 0.99)
    trial.note(kills=len(seconds), p50_s=round(percentile(seconds, 0.5), 2), p99_s=round(p99, 2), made_again=len(measured) - len(seconds),
               longest_of_all_s=round(measured[-1][0], 2), lease_s=LEASE_S, poll_s=POLL_S)
    return [f"latency: p99 is {p99:.2f} s, the bar is {BAR_S:.2f} s"] if p99 > BAR_S else []
