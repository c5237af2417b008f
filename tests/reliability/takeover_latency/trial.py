"""Takeover latency: from the kill of a runner until everything that it owned is owned by another."""

from __future__ import annotations

import concurrent.futures
import math
import sqlite3
import subprocess
import time

from trial import Trial, Void

MUTANTS = {"poll_times_ten": "a poll behind the hints that comes ten times too late"}

LEASE_S = 2.0   # as in main.cpp
POLL_S = 0.2
BAR_S = LEASE_S + POLL_S + 1.0
EXECUTIONS = 5  # of each victim
PLACES = 10      # files at a time: most of the time everybody waits
GIVE_UP_S = 30.0
# Whoever looks every 2 ms and is kept from it for so long was on a machine that stood still: that measures nobody.
STANDSTILL_S = 0.2


class Place:
    """One file, an heir that stays, and victims one after the other."""

    def __init__(self, trial: Trial, number: int) -> None:
        self.trial, self.directory = trial, trial.directory / str(number)
        self.directory.mkdir()
        self.poll_ms = round(1000 * POLL_S * (10 if trial.mutant == "poll_times_ten" else 1))
        self.heir = self.start(0)
        self.wait_for("the file", lambda: (self.directory / "latency.db").exists())
        self.database = sqlite3.connect(f"file:{self.directory / 'latency.db'}?mode=ro", uri=True, isolation_level=None,
                                        check_same_thread=False)
        self.wait_for("the heir", lambda: self.count("SELECT count(*) FROM runners WHERE state = 'alive'") == 1)

    def start(self, executions: int) -> subprocess.Popen:
        with (self.directory / "log").open("ab") as log:
            return subprocess.Popen([self.trial.program("takeover_latency"), self.directory, str(executions),
                                     str(self.poll_ms)], env=self.trial.environment(), stdout=log, stderr=log)

    def count(self, sql: str, *parameters: object) -> int:
        try:
            return self.database.execute(sql, parameters).fetchone()[0]
        except sqlite3.OperationalError:  # the tables are being made
            return -1

    @staticmethod
    def wait_for(what: str, condition) -> float:
        """Seconds until it holds; endless when the machine stood still meanwhile."""
        begun = last = time.monotonic()
        stood_still = False
        while not condition():
            if time.monotonic() > begun + GIVE_UP_S:
                raise Void(f"{what} did not come within {GIVE_UP_S} s")
            time.sleep(0.002)
            now = time.monotonic()
            stood_still, last = stood_still or now - last > STANDSTILL_S, now
        return math.inf if stood_still else time.monotonic() - begun

    def owned_by(self, pid: int) -> int:
        return self.count("SELECT count(*) FROM workflow_executions AS e JOIN runners AS r ON r.id = e.owner "
                          "JOIN task_executions AS t ON t.execution_id = e.id AND t.status = 'Running' "
                          "WHERE r.pid = ? AND r.state = 'alive'", pid)

    def kill_one(self) -> float:
        inherited = self.owned_by(self.heir.pid)
        victim = self.start(EXECUTIONS)
        self.wait_for("the victim", lambda: self.owned_by(victim.pid) == EXECUTIONS)
        victim.kill()
        victim.wait()
        return self.wait_for("the takeover", lambda: self.owned_by(self.heir.pid) == inherited + EXECUTIONS)

    def run(self, kills: int) -> list[float]:
        try:
            return [self.kill_one() for _ in range(kills)]
        finally:
            self.heir.kill()
            self.heir.wait()
            self.database.close()


def percentile(sorted_values: list[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))]


def run(trial: Trial) -> list[str]:
    kills = trial.by_scale(6, 20, 50)
    places = [Place(trial, number) for number in range(PLACES)]
    with concurrent.futures.ThreadPoolExecutor(PLACES) as pool:
        measured = [second for found in pool.map(lambda place: place.run(kills), places) for second in found]
    seconds = sorted(second for second in measured if second < math.inf)
    if len(seconds) < 0.4 * len(measured):
        raise Void(f"the machine stood still under {len(measured) - len(seconds)} of {len(measured)} kills")
    p99 = percentile(seconds, 0.99)
    trial.note(kills=len(seconds), left_out=len(measured) - len(seconds), p50_s=round(percentile(seconds, 0.5), 2), p99_s=round(p99, 2), lease_s=LEASE_S,
               poll_s=POLL_S)
    return [f"latency: p99 is {p99:.2f} s, the bar is {BAR_S:.2f} s"] if p99 > BAR_S else []
