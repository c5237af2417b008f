"""Expressions to walk: those that were thought of, and random ones."""

from __future__ import annotations

import random

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# Each time around midnight and in the hours at which clocks are changed, every day.
TIMES = [f"{minute} {hour} * * *" for hour in (0, 1, 2, 3, 23) for minute in (0, 1, 15, 30, 45, 59)]
# The same hours by lists and ranges, by the second, and by the time that passes.
AROUND = [f"{minutes} {hours} * * *" for minutes in ("*/15", "0-59/20", "0,30", "*/7", "59") for hours in
          ("*", "1-3", "0-3", "22-23", "*/2", "1/2")]
SECONDS = [f"{seconds} {times} * * *" for seconds in ("0", "30", "59", "*/20", "0,59", "10-12", "*") for times in
           ("30 2", "59 1", "0 3", "*/30 2")]
DAYS = [f"{time} {days}" for time in ("30 2", "0 0") for days in (
    "L * *", "L-1 * *", "L-3 * ?", "L-30 * *", "LW * *", "1W * *", "15W * *", "31W * *", "30W,LW * ?", "29 2 *", "29,30,31 * *",
    "1,L * *", "*/2 * *", "1-7 * MON", "13 * FRI", "? * 5L", "* * SUNL", "* * 0L", "* * 7L", "? * MON#1", "* * 2#2", "* * SAT#5",
    "* * 7#1", "* 3,10 SUN#1", "L * SUNL", "* 3 SUN", "* 10 7", "? NOV SUN#1", "* * 1-5", "* * MON-FRI", "* * SAT-SUN", "* * 5-7",
    "* * FRI-SUN", "* * */2", "* * 1/2", "*/10 * */3", "30 12 ?", "31 DEC *")]
OTHERS = [
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@Daily", "* * * * *", "* 2 * * *", "30 * * * *",
    "*/59 * * * *", "5/25 * * * *", "* * 29 2 *", "0 */23 * * *", "0 0 1 1 *", "59 59 23 31 12 ?", "0 0 1 JAN-JUN ?", "0 0 L 2 *",
    "0,0,0 0 1,1 * *", "1-5,3-8 0-1,1-2 * * *", "0 0 1-31 1-12 0-7", "30 2 29 3 *", "30 2 ? mar sun", "*/5 2 ? 3,10,11 sun",
    "0\t12  * * *", "0 0 1/10 */5 *", "0 12 LW,15W,1 * 1#1", "* 0-23 * * *", "0-59 * * * *", "0-59 0-23 1-31 * *", "0 0 31 * MON#5",
    "5,*/20 3 * * *", "0 5,*/12 * * *", "0 12 1,* * MON", "0 12 1 * *,MON",
]
CHOSEN = TIMES + AROUND + SECONDS + DAYS + OTHERS


def value_text(dice: random.Random, value: int, first: int, names: tuple[str, ...]) -> str:
    if value - first < len(names) and dice.random() < 0.4:
        name = names[value - first]
        return dice.choice((name, name.lower(), name.capitalize()))
    return str(value)


def item(dice: random.Random, first: int, last: int, names: tuple[str, ...]) -> str:
    last_step = 6 if last == 7 else last  # the week's seventh day is its first
    kind = dice.choices(("value", "range", "stepped range", "steps", "stars"), (5, 3, 1, 1, 1))[0]
    if kind == "stars":
        return f"*/{dice.randint(1, last_step - first)}"
    low = dice.randint(first, last)
    low_text = value_text(dice, low, first, names)
    if kind == "value" or (kind == "steps" and low >= last_step):
        return low_text
    if kind == "steps":
        return f"{low_text}/{dice.randint(1, last_step - low)}"
    high = dice.randint(low, last)
    step = f"/{dice.randint(1, max(1, high - low))}" if kind == "stepped range" else ""
    return f"{low_text}-{value_text(dice, high, first, names)}{step}"


def numbers(dice: random.Random, first: int, last: int, names: tuple[str, ...] = (), star: float = 0.3) -> str:
    if dice.random() < star:
        return "*"
    return ",".join(item(dice, first, last, names) for _ in range(dice.choice((1, 1, 1, 2, 3))))


def days(dice: random.Random) -> str:
    special = dice.random()
    if special < 0.4:
        return dice.choice(("*", "*", "?"))
    if special < 0.6:
        return ",".join(dice.choice(("L", "LW", f"L-{dice.randint(0, 30)}", f"{dice.randint(1, 31)}W", str(dice.randint(1, 31))))
                        for _ in range(dice.choice((1, 1, 2))))
    return numbers(dice, 1, 31, star=0)


def weekdays(dice: random.Random) -> str:
    special = dice.random()
    if special < 0.4:
        return dice.choice(("*", "*", "?"))
    if special < 0.6:
        day = value_text(dice, dice.randint(0, 7), 0, WEEKDAYS)
        return dice.choice((f"{day}L", f"{day}#{dice.randint(1, 5)}", f"{day}#{dice.randint(1, 5)},{day}L"))
    return numbers(dice, 0, 7, WEEKDAYS, star=0)


def random_expression(dice: random.Random) -> str:
    fields = [numbers(dice, 0, 59), numbers(dice, 0, 23, star=0.25), days(dice), numbers(dice, 1, 12, MONTHS, star=0.7),
              weekdays(dice)]
    if dice.random() < 0.2:
        fields.insert(0, numbers(dice, 0, 59, star=0.05))
    return dice.choice((" ", " ", "  ", "\t")).join(fields)
