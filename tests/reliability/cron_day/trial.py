"""Cron day: days on which clocks change, in seconds; four processes are killed at random: every instant fires exactly once."""

from __future__ import annotations

import calendar
import collections
import json
import subprocess
import time

from cron_walk.walk import Expression, fires_in_stretch, stretches
from trial import Trial, Void, settle

BACKENDS = ("sqlite", "postgres")
MUTANTS = {"no_unique_firing": "R14: an instant fires once, by the schedule's cursor and the key of its firings"}
NOTICED_BY = {"no_unique_firing": {"twice"}}

PROCESSES = 4
HOUR = 3_600
SETTLE_S = 30
DAYS = {"spring": (2026, 3, 28, 18), "autumn": (2026, 10, 24, 18)}  # 20 hours from then on, UTC
SPAN_S = 20 * HOUR
# Times that clocks skip, that they show twice, around both, and such as follow the time that passes.
EXPRESSIONS = ("*/5 * * * *", "30 2 * * *", "0,15,30,45 1-3 * * *", "59 1 * * *", "0 3 * * *", "*/20 1-3 * * *", "7 * * * *",
               "30 30 2,3 * * *", "0 2 29 3 *", "0 2 L * ?", "15 2 * * 7#5", "@hourly", "@daily", "0 12 * * SUN", "*/10 2 * * SUN")
ZONES = ("Europe/Paris", "UTC")

INPUTS = """SELECT input, status FROM workflow_executions"""
SCHEDULES = {
    "sqlite": """SELECT lower(hex(id)) AS id, expression, timezone, created_at / 1000000.0 AS created FROM schedules""",
    "postgres": """SELECT replace(id::text, '-', '') AS id, expression, timezone,
                   extract(epoch FROM created_at)::float8 AS created FROM schedules""",
}


class Day:
    """One day, from the first process to the verdict."""

    def __init__(self, trial: Trial, name: str, real_s: float) -> None:
        self.firings = 0
        self.trial, self.database = trial, trial.database(name)
        self.begin = calendar.timegm((*DAYS[name], 0, 0))
        self.speed, self.real_s = SPAN_S / real_s, real_s
        self.log = trial.directory / f"log.{name}"
        self.file = trial.directory / f"schedules.{name}"
        self.file.write_text("".join(f"{zone}|{text}\n" for zone in ZONES for text in EXPRESSIONS))
        self.kills = 0

    def start(self) -> subprocess.Popen:
        with self.log.open("ab") as log:
            return subprocess.Popen([self.trial.program("cron_day"), self.database.url, str(self.file), str(self.begin),
                                     repr(self.anchor), repr(self.speed)], env=self.trial.environment(), stdout=log, stderr=log)

    def run(self) -> list[str]:
        self.anchor = time.time()
        processes = [self.start() for _ in range(PROCESSES)]
        problems: list[str] = []
        try:
            while time.time() < self.anchor + self.real_s:
                time.sleep(self.trial.dice.expovariate(4))
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

    def expected(self) -> dict[str, list[int]]:
        """For each schedule that is registered, its instants since then and within the day."""
        end = self.begin + SPAN_S
        found: dict[str, list[int]] = {}
        for row in self.database.rows(SCHEDULES[self.database.backend]):
            met: collections.Counter = collections.Counter()
            instants = [instant for stretch in stretches(row["timezone"], self.begin - HOUR, end)
                        for instant in fires_in_stretch(Expression(row["expression"]), stretch, met)]
            found[row["id"]] = sorted({instant for instant in instants if instant > row["created"]})
        return found

    def judge(self) -> list[str]:
        fired: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
        unfinished, end = 0, self.begin + SPAN_S  # the calendar goes on after the day
        for row in self.database.rows(INPUTS):
            given = json.loads(row["input"])
            instant = calendar.timegm(time.strptime(given["scheduled_time"], "%Y-%m-%dT%H:%M:%S+00:00"))
            fired[given["schedule_id"].replace("-", "")][instant] += 1
            unfinished += instant < end and row["status"] != "Completed"
        expected = self.expected()
        if len(expected) != len(ZONES) * len(EXPRESSIONS):
            return [f"schedules: there are {len(expected)}, of {len(ZONES) * len(EXPRESSIONS)} that each process registers"]
        problems = [f"unfinished: {unfinished} executions did not complete"] if unfinished else []
        for schedule, instants in expected.items():
            times = fired[schedule]
            problems += [f"lost: schedule {schedule} did not fire at {instant}" for instant in instants if not times[instant]]
            problems += [f"twice: schedule {schedule} fired {count} times at {instant}" for instant, count in times.items() if count > 1]
            problems += [f"wrong: schedule {schedule} fired at {instant}" for instant in times
                         if instant < end and instant not in set(instants)]
        self.firings = sum(sum(times.values()) for times in fired.values())
        return problems


def run(trial: Trial) -> list[str]:
    problems, kills, firings = [], 0, 0
    real_s = trial.by_scale(7.0, 120.0, 1_200.0)
    for name in DAYS:
        day = Day(trial, name, real_s)
        problems += day.run()
        day.database.close()
        if problems:
            break
        kills, firings = kills + day.kills, firings + day.firings
    trial.note(days=len(DAYS), firings=firings, kills=kills)
    if kills < 10 and not problems:
        raise Void(f"only {kills} processes were killed")
    return problems
