"""The examples of docs/reference/cron.md say the truth."""

import datetime
import pathlib
import re

import pytest

import cloaca

zoneinfo = pytest.importorskip("zoneinfo")

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/reference/cron.md").read_text(encoding="utf-8")


def tables():
    """(begin, zone, expression, firings) of each line."""
    for begin, zone, table in re.findall(r"[Aa]fter `(20\S+)`.*?in\s+`(\w+/\w+)`.*?\n\n(\|.*?)\n\n", PAGE, re.DOTALL):
        for expression, firings in re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE):
            yield begin, zone, expression, firings.split(", ")


def shown(time, with_year):
    return time.strftime("%a %d %b " + ("%Y " if with_year else "") + ("%H:%M:%S" if time.second else "%H:%M") + " %z")


LINES = list(tables())


def test_the_tables_are_found():
    assert len(LINES) == PAGE.count(" +0100 |") + PAGE.count(" +0200 |") > 20


@pytest.mark.parametrize("begin, zone, expression, firings", LINES, ids=[f"{line[2]} after {line[0]}" for line in LINES])
def test_line(begin, zone, expression, firings):
    times = cloaca.next_firings(expression, zone, begin, len(firings))
    assert all(time.tzinfo is datetime.timezone.utc for time in times)
    local = [time.astimezone(zoneinfo.ZoneInfo(zone)) for time in times]
    assert [shown(time, len(text.split()) == 6) for time, text in zip(local, firings)] == firings
