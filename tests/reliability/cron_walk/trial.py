"""Cron walk: when expressions fire in eight zones over ten years, against a walk along the minutes by Python's zoneinfo."""

from __future__ import annotations

import array
import collections
import concurrent.futures
import datetime
import itertools
import multiprocessing
import os
import pathlib
import random
import subprocess
import zoneinfo

from cron_walk.expressions import CHOSEN, random_expression
from cron_walk.walk import DAY, Expression, Stretch, fires_in_stretch, offset_at, stretches
from trial import Trial, Void

MUTANTS = {"utc_offsets": "schedules follow the clocks of their zone, not one offset from UTC"}
NOTICED_BY = {"utc_offsets": {"firings"}}

# Clocks that change by half an hour, by two, at midnight, at a minute past it, for Ramadan; a day left out in 2011.
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
         "Antarctica/Troll", "America/St_Johns")
DECADES = (2006, 2024, 2032, 2082)  # of the past, of now, at and after the end of what zone files list


class Asked:
    """The program that asks the library."""

    def __init__(self, program: pathlib.Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(["timeout", "1800", program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def numbers(self, count: int) -> array.array:
        numbers = array.array("q")
        numbers.frombytes(self.process.stdout.read(8 * count))
        if len(numbers) != count:
            raise subprocess.SubprocessError(self.process.stderr.read().decode())
        return numbers

    def ask(self, *question: object) -> tuple[int, array.array]:
        self.process.stdin.write((" ".join(map(str, question)) + "\n").encode())
        self.process.stdin.flush()
        (count,) = self.numbers(1)
        return count, self.numbers({-1: 0, -2: 3}.get(count, count))


def shown(instant: int | None) -> str:
    return f"{datetime.datetime.fromtimestamp(instant, datetime.timezone.utc):%Y-%m-%dT%H:%M:%SZ}" if instant is not None else "none"


def difference(expected: array.array, got: array.array) -> str:
    """The first one."""
    for wanted, found in itertools.zip_longest(expected, got):
        if wanted != found:
            return f"expected {shown(wanted)}, got {shown(found)}"
    raise AssertionError("there is none")


def pieces(expression: Expression, all_stretches: list[Stretch], most: int, dice: random.Random) -> list[list[Stretch]]:
    """All of the time; of what fires more often than `most` times some changes of clocks and some days between."""
    begin, end = all_stretches[0].begin, all_stretches[-1].end
    days = sum(expression.is_on(day) for day in range(begin // DAY, end // DAY))
    if days * len(expression.times) <= most:
        return [all_stretches]
    chosen: list[list[Stretch]] = []
    for stretch in dice.sample(all_stretches, len(all_stretches)):
        if not stretch.minutes:
            first = dice.randrange(stretch.begin, max(stretch.begin, stretch.end - DAY) + 1)
            stretch = Stretch(first, min(first + DAY, stretch.end), stretch.offset, [])
        chosen.append([stretch])
        most -= len(expression.times)
        if most <= 0:
            break
    return chosen


def compare(asked: Asked, zone: str, text: str, all_stretches: list[Stretch], most: int, dice: random.Random,
            met: collections.Counter) -> str | None:
    """What is wrong with one expression in one zone."""
    expression = Expression(text)
    if not expression.ever_fires():
        met["never"] += 1
        count, _ = asked.ask("firings", zone, 0, 1, text)
        return None if count == -1 else f"refusal: '{text}' never fires, and is not refused"
    for piece in pieces(expression, all_stretches, most, dice):
        expected = array.array("q", (instant for stretch in piece for instant in fires_in_stretch(expression, stretch, met)))
        count, got = asked.ask("firings", zone, piece[0].begin, piece[-1].end, text)
        met["firings"] += len(expected)
        if count == -1:
            return f"refusal: '{text}' is refused"
        if count == -2:
            return (f"unsteady: '{text}' in {zone}: asked after {shown(got[2])} the next is {shown(got[0])}, "
                    f"asked before it was {shown(got[1])}")
        if got != expected:
            return f"firings: '{text}' in {zone}: {difference(expected, got)}"
    return None


def walk(program: pathlib.Path, environment: dict[str, str], zone: str, decade: int, texts: list[str], most: int,
         seed: int) -> tuple[list[str], collections.Counter]:
    dice = random.Random(seed)
    met: collections.Counter = collections.Counter()
    begin, end = (int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) for year in (decade, decade + 10))
    problems = []
    with Asked(program, environment) as asked:
        for text in texts:
            met["pairs"] += 1
            try:
                problem = compare(asked, zone, text, stretches(zone, begin, end), most, dice, met)
            except (OSError, subprocess.SubprocessError) as error:
                return [*problems, f"exit: at '{text}' in {zone}: {error}"], met
            problems += [problem] if problem else []
    return problems, met


def compare_zones(program: pathlib.Path, environment: dict[str, str], names: list[str]) -> tuple[list[str], collections.Counter]:
    """Offsets from 1970 to 2100: at both ends of each period, and once a week in between."""
    begin, end = 0, 4_102_444_800
    problems = []
    with Asked(program, environment) as asked:
        for name in names:
            zone = zoneinfo.ZoneInfo(name)
            try:
                count, numbers = asked.ask("periods", name, begin, end)
            except (OSError, subprocess.SubprocessError) as error:
                return [*problems, f"exit: at the zone {name}: {error}"], collections.Counter()
            for first, last, offset in zip(*[iter(numbers)] * 3):
                wrong = [instant for instant in (*range(first, last, 7 * DAY), last - 1) if offset_at(zone, instant) != offset]
                if wrong:
                    problems.append(f"offset: {name} at {shown(wrong[0])}: expected {offset_at(zone, wrong[0])} s, got {offset} s")
                    break
    return problems, collections.Counter(zones=len(names))


def run(trial: Trial) -> list[str]:
    per_zone = trial.by_scale((25, 15), (len(CHOSEN), 1_000), (len(CHOSEN), 10_000))
    most = trial.by_scale(20_000, 300_000, 300_000)
    program, environment = trial.program("cron_walk"), trial.environment()
    environment.pop("TZDIR", None)  # Python does not heed it
    names = sorted(zoneinfo.available_timezones())
    if len(names) < 100:
        raise Void("this system has no time zones; on Debian: apt-get install tzdata")
    randoms = [random_expression(trial.dice) for _ in range(per_zone[1])]

    jobs = []
    for zone in ZONES:
        decades = trial.dice.sample(DECADES, trial.by_scale(1, 4, 4))
        texts = trial.dice.sample(CHOSEN, per_zone[0]) + (randoms if trial.scale != "quick" else
                                                          [random_expression(trial.dice) for _ in randoms])
        trial.dice.shuffle(texts)
        jobs += [(walk, zone, decade, texts[part::len(decades)], most, trial.dice.getrandbits(32))
                 for part, decade in enumerate(decades)]
    share = trial.dice.sample(names, trial.by_scale(40, len(names), len(names)))
    jobs += [(compare_zones, share[part::8]) for part in range(8)]

    problems: list[str] = []
    met: collections.Counter = collections.Counter()
    # Forked: the modules of trials can be imported nowhere else.
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork")) as pool:
        for future in [pool.submit(work, program, environment, *arguments) for work, *arguments in jobs]:
            found, counted = future.result()
            problems += found
            met.update(counted)
    trial.note(**met)
    rare = [name for name in ("moved", "held_back") if met[name] < met["pairs"] // 10]
    if rare and not problems:
        raise Void(f"too few of {', '.join(rare)}")
    return problems
