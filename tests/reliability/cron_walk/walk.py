"""When an expression fires, by Python's `zoneinfo` and what the documentation says; it shares nothing with the library.

- Fields: [second] minute hour day-of-month month day-of-week; `*`, `?`, values, names, ranges, steps, lists; days of the month
  also `L`, `L-3`, `LW`, `15W`, days of the week also `5L` and `5#2`. `5/15` goes on to the field's end.
- A field of days that has `*` or `?` does not restrict. Where both do, either is enough.
- If no item of minutes or hours begins with `*`: each time of the clock fires once, where it is shown first; where it is skipped,
  at the first instant after the gap. If one does: all instants fire at which the clock shows such a time.
"""

from __future__ import annotations

import bisect
import calendar
import collections
import dataclasses
import datetime
import functools
import zoneinfo

from cron_walk.expressions import MONTHS, WEEKDAYS

MINUTE, HOUR, DAY = 60, 3600, 86400
EPOCH = datetime.date(1970, 1, 1).toordinal()
SHORTHANDS = {"@YEARLY": "0 0 1 1 *", "@ANNUALLY": "0 0 1 1 *", "@MONTHLY": "0 0 1 * *", "@WEEKLY": "0 0 * * 0",
              "@DAILY": "0 0 * * *", "@MIDNIGHT": "0 0 * * *", "@HOURLY": "0 * * * *"}


# ---- what an expression says

def value_of(text: str, names: tuple[str, ...], first: int) -> int:
    return names.index(text) + first if text in names else int(text)


def values_of(item: str, first: int, last: int, names: tuple[str, ...] = ()) -> set[int]:
    body, _, step = item.partition("/")
    if body in ("*", "?"):
        low, high = first, last
    elif "-" in body:
        low, high = (value_of(part, names, first) for part in body.split("-"))
        if names == WEEKDAYS and high == 0 < low:
            high = 7  # SAT-SUN
    else:
        low = value_of(body, names, first)
        high = last if step else low
    return set(range(low, high + 1, int(step or 1)))


def weekday_of(date: datetime.date) -> int:
    return date.isoweekday() % 7  # Sunday is 0


def working_days(date: datetime.date) -> list[int]:
    length = calendar.monthrange(date.year, date.month)[1]
    return [day for day in range(1, length + 1) if 1 <= weekday_of(date.replace(day=day)) <= 5]


def is_day_of_month(item: str, date: datetime.date) -> bool:
    length = calendar.monthrange(date.year, date.month)[1]
    if item == "LW":
        return date.day == working_days(date)[-1]
    if item.startswith("L"):
        return date.day == length - int(item[2:] or 0)
    if item.endswith("W"):
        wanted = int(item[:-1])
        return wanted <= length and date.day == min(working_days(date), key=lambda day: abs(day - wanted))
    return date.day in values_of(item, 1, 31)


def is_day_of_week(item: str, date: datetime.date) -> bool:
    if "#" in item:
        day, nth = item.split("#")
        return weekday_of(date) == value_of(day, WEEKDAYS, 0) % 7 and (date.day - 1) // 7 + 1 == int(nth)
    if item.endswith("L"):
        week_later = date + datetime.timedelta(days=7)
        return weekday_of(date) == value_of(item[:-1], WEEKDAYS, 0) % 7 and week_later.month != date.month
    return weekday_of(date) in {day % 7 for day in values_of(item, 0, 6, WEEKDAYS)}


class Expression:
    def __init__(self, text: str) -> None:
        fields = text.upper().split()
        if fields[0] in SHORTHANDS:
            fields = SHORTHANDS[fields[0]].split()
        if len(fields) == 5:
            fields.insert(0, "0")
        seconds, minutes, hours, self.days, months, self.weekdays = (field.split(",") for field in fields)
        self.seconds = sorted(set().union(*(values_of(item, 0, 59) for item in seconds)))
        self.minutes = set().union(*(values_of(item, 0, 59) for item in minutes))
        self.hours = set().union(*(values_of(item, 0, 23) for item in hours))
        self.months = set().union(*(values_of(item, 1, 12, MONTHS) for item in months))
        self.follows_elapsed_time = any(item.startswith("*") for item in minutes + hours)
        # Minutes of a day, and the seconds of a day, in order.
        self.times = [HOUR * hour + MINUTE * minute + second
                      for hour in sorted(self.hours) for minute in sorted(self.minutes) for second in self.seconds]
        self.minutes_of_day = {HOUR // MINUTE * hour + minute for hour in self.hours for minute in self.minutes}
        self.known_days: dict[int, bool] = {}

    def is_on(self, day: int) -> bool:
        """Of a day that is counted from 1970 on."""
        known = self.known_days.get(day)
        if known is None:
            known = self.known_days[day] = self.fits(datetime.date.fromordinal(EPOCH + day))
        return known

    def fits(self, date: datetime.date) -> bool:
        if date.month not in self.months:
            return False
        any_day = not {"*", "?"}.isdisjoint(self.days)
        any_weekday = not {"*", "?"}.isdisjoint(self.weekdays)
        by_month = any_day or any(is_day_of_month(item, date) for item in self.days)
        by_week = any_weekday or any(is_day_of_week(item, date) for item in self.weekdays)
        return by_month and by_week if any_day or any_weekday else by_month or by_week

    def ever_fires(self) -> bool:
        """Whether there is such a day within 40 years, the longest that one may be away."""
        return any(self.is_on(day) for day in range(10_957, 10_957 + 40 * 366))


# ---- what clocks show

@dataclasses.dataclass
class Minute:
    """A minute of UTC, around a change of clocks."""

    begin: int
    shown: tuple[int, int]  # day and minute of the day
    is_first: bool          # not shown a second time
    skipped: list[tuple[int, int]]  # what clocks leave out when it begins


@dataclasses.dataclass
class Stretch:
    """Of one offset from begin to end; or around a change of clocks, with all of its minutes."""

    begin: int
    end: int
    offset: int
    minutes: list[Minute]


def offset_at(zone: zoneinfo.ZoneInfo, instant: int) -> int:
    return int(datetime.datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def walk_minutes(zone: zoneinfo.ZoneInfo, begin: int, end: int) -> list[Minute]:
    """Each minute, as the zone's clocks show it."""
    walked: list[Minute] = []
    last = None
    for instant in range(begin, end, MINUTE):
        local = datetime.datetime.fromtimestamp(instant, zone)
        count = (local.toordinal() - EPOCH) * (DAY // MINUTE) + local.hour * 60 + local.minute
        skipped = range(last + 1, count) if last is not None else ()
        walked.append(Minute(instant, divmod(count, DAY // MINUTE), local.fold == 0,
                             [divmod(minute, DAY // MINUTE) for minute in skipped]))
        last = count
    return walked


@functools.lru_cache(maxsize=None)
def stretches(name: str, begin: int, end: int) -> list[Stretch]:
    """All of the time from begin to end: a day and more around each change of clocks in minutes, the rest by its offset."""
    zone = zoneinfo.ZoneInfo(name)
    found: list[Stretch] = []
    at = begin
    changes = [hour for hour in range(begin, end, HOUR) if offset_at(zone, hour) != offset_at(zone, hour + HOUR)]
    for change in changes:
        rough_begin, rough_end = max(at, change - 2 * HOUR), min(end, change + 26 * HOUR)
        if at < rough_begin:
            found.append(Stretch(at, rough_begin, offset_at(zone, at), []))
        if rough_begin < rough_end:
            # From a minute before, whose follower may be the one after a gap.
            minutes = walk_minutes(zone, rough_begin - MINUTE, rough_end)[1:]
            found.append(Stretch(rough_begin, rough_end, 0, minutes))
        at = max(at, rough_end)
    if at < end:
        found.append(Stretch(at, end, offset_at(zone, at), []))
    return found


# ---- when it fires

def fires_in_minute(expression: Expression, minute: Minute, met: collections.Counter) -> list[int]:
    def fits(shown: tuple[int, int]) -> bool:
        return shown[1] in expression.minutes_of_day and expression.is_on(shown[0])

    found = set()
    if fits(minute.shown):
        if minute.is_first or expression.follows_elapsed_time:
            found.update(minute.begin + second for second in expression.seconds)
        else:
            met["held_back"] += 1
    if minute.skipped and not expression.follows_elapsed_time and any(fits(shown) for shown in minute.skipped):
        found.add(minute.begin)
        met["moved"] += 1
    return sorted(found)


def fires_in_stretch(expression: Expression, stretch: Stretch, met: collections.Counter) -> list[int]:
    if stretch.minutes:
        return [instant for minute in stretch.minutes for instant in fires_in_minute(expression, minute, met)]
    first, last = stretch.begin + stretch.offset, stretch.end + stretch.offset
    found: list[int] = []
    for day in range(first // DAY, (last - 1) // DAY + 1):
        if expression.is_on(day):
            midnight = day * DAY - stretch.offset
            found += [midnight + time for time in expression.times]
    return found[bisect.bisect_left(found, stretch.begin):bisect.bisect_left(found, stretch.end)]
