"""Extracts the flights of a week from CSV files, sums up their delays, and loads that into an SQLite file.

One workflow execution for each day, in which the airports are read side by side. It writes into a directory:
delays.db, the table that is loaded; delays.csv, a report of it; staging/, what was extracted. Every task may run twice
and leaves the same: start the program again after a Ctrl-C, or a kill, and it finishes what it began. With pandas
where that is installed.
"""

import argparse
import asyncio
import csv
import importlib
import importlib.util
import json
import os
import pathlib
import sqlite3
import sys
from contextlib import closing
from typing import Any

import cloaca
from cloaca import Context, TaskHandle

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "quickstart" / "data" / "flights_2013-02-04_to_10.csv"
AIRPORTS = ("EWR", "JFK", "LGA")
DAYS = range(4, 11)
LATE_FROM_MINUTES = 15
TABLE = """
CREATE TABLE IF NOT EXISTS delays (day TEXT, airport TEXT, carrier TEXT, flights INTEGER, cancelled INTEGER,
  late INTEGER, minutes_late INTEGER, PRIMARY KEY (day, airport, carrier))
"""
LOAD = "REPLACE INTO delays VALUES (:day, :airport, :carrier, :flights, :cancelled, :late, :minutes_late)"
REPORT = """
SELECT day, airport, sum(flights) AS flights, sum(cancelled) AS cancelled, sum(late) AS late,
  sum(minutes_late) / max(sum(late), 1) AS mean_minutes_late
FROM delays GROUP BY day, airport ORDER BY day, airport
"""

Summary = list[dict[str, Any]]  # a line for each carrier

pandas: Any = None  # Any: programs that check types need no pandas either


def use_pandas() -> None:
    global pandas
    if importlib.util.find_spec("pandas") is not None:
        pandas = importlib.import_module("pandas")


def summarise(staged: pathlib.Path) -> Summary:
    return summarise_with_pandas(staged) if pandas is not None else summarise_plainly(staged)


def summarise_with_pandas(staged: pathlib.Path) -> Summary:
    flights = pandas.read_csv(staged)
    late = flights["arr_delay"].where(flights["arr_delay"] >= LATE_FROM_MINUTES)
    flights = flights.assign(cancelled=flights["dep_time"].isna(), late=late.notna(), minutes_late=late)
    carriers = flights.groupby("carrier")
    lines = carriers[["cancelled", "late", "minutes_late"]].sum().astype(int).assign(flights=carriers.size())
    return list(json.loads(lines.reset_index().to_json(orient="records")))  # numbers of Python, not of NumPy


def summarise_plainly(staged: pathlib.Path) -> Summary:
    lines: dict[str, dict[str, Any]] = {}
    with staged.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            empty = {"carrier": row["carrier"], "flights": 0, "cancelled": 0, "late": 0, "minutes_late": 0}
            line = lines.setdefault(row["carrier"], empty)
            minutes = int(row["arr_delay"]) if row["arr_delay"] != "NA" else 0
            is_late = minutes >= LATE_FROM_MINUTES
            line["flights"] += 1
            line["cancelled"] += row["dep_time"] == "NA"
            line["late"] += is_late
            line["minutes_late"] += minutes if is_late else 0
    return [lines[carrier] for carrier in sorted(lines)]


# ---- the workflow
#
#   extract_EWR ──> transform_EWR ─┐
#   extract_JFK ──> transform_JFK ─┼─> load
#   extract_LGA ──> transform_LGA ─┘


def add_airport(airport: str) -> str:
    """Two tasks for one airport, in the workflow that is being built; the name of the second."""

    def extract(context: Context) -> None:
        wanted = [str(context["day"]), airport]
        with SOURCE.open(encoding="utf-8", newline="") as file:
            columns, *rows = csv.reader(file)
        day, origin = columns.index("day"), columns.index("origin")
        staged = pathlib.Path(context["directory"]) / "staging" / f"{context['date']}-{airport}.csv"
        staged.parent.mkdir(exist_ok=True)
        part = staged.with_suffix(f".{os.getpid()}")
        with part.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *(row for row in rows if [row[day], row[origin]] == wanted)])
        part.replace(staged)  # who reads it finds all of it, or nothing
        context[f"staged_{airport}"] = str(staged)

    def transform(context: Context) -> None:
        context[f"delays_{airport}"] = summarise(pathlib.Path(context[f"staged_{airport}"]))

    extracted, transformed = f"extract_{airport}", f"transform_{airport}"
    cloaca.task(extracted)(extract)
    cloaca.task(transformed, dependencies=[extracted])(transform)
    return transformed


with cloaca.WorkflowBuilder("load_day") as builder:
    builder.description("Loads the delays of one day")
    transformed = [add_airport(airport) for airport in AIRPORTS]

    # Several days are loaded at the same time, and an SQLite file has one writer: who finds it locked tries again.
    @cloaca.task(
        dependencies=transformed,
        retry_attempts=20,
        retry_delay_ms=50,
        retry_max_delay_ms=250,
        retry_condition="locked",
    )
    def load(context: Context, handle: TaskHandle) -> None:
        if handle.attempt > 1:
            print(f"{context['date']}: attempt {handle.attempt} to load it", flush=True)
        lines = [
            {**line, "day": context["date"], "airport": airport}
            for airport in AIRPORTS
            for line in context[f"delays_{airport}"]
        ]
        target = pathlib.Path(context["directory"]) / "delays.db"
        with closing(sqlite3.connect(target, timeout=0.2)) as database, database:  # the second: one transaction
            database.execute(TABLE)
            database.executemany(LOAD, lines)
        context["loaded"] = len(lines)


# ---- run it


async def load_day(runner: cloaca.DefaultRunner, day: int, directory: pathlib.Path) -> cloaca.WorkflowResult:
    """The key names what is loaded, and where to."""
    date = f"2013-02-{day:02}"
    context = {"day": day, "date": date, "directory": str(directory)}
    return await runner.execute_async("load_day", context, idempotency_key=f"{date} into {directory}")


def write_report(directory: pathlib.Path) -> None:
    with closing(sqlite3.connect(directory / "delays.db")) as database:
        cursor = database.execute(REPORT)
        table = [[column[0] for column in cursor.description], *cursor]
    with (directory / "delays.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    for line in table:
        print(*(f"{field!s:<12}" for field in line))


async def run(options: argparse.Namespace) -> int:
    directory = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if not options.plain:
        use_pandas()
    print("with pandas" if pandas is not None else "without pandas")
    async with cloaca.DefaultRunner(options.database or f"sqlite://{directory}/etl.db") as runner:
        results = await asyncio.gather(*(load_day(runner, day, directory) for day in options.day or DAYS))
    for result in results:
        lines = result.final_context.get("loaded")
        print(f"{result.final_context['date']}: {result.error_message or f'{lines} lines'}")
    if any(result.status != "Completed" for result in results):
        return 1
    write_report(directory)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--day", type=int, action="append", choices=DAYS, help="of February 2013; default: all of them")
    parser.add_argument("--directory", type=pathlib.Path, default=pathlib.Path("delays"), help="default: %(default)s")
    parser.add_argument("--database", metavar="URL",
                        help="keeps the workflows; default: etl.db in the directory, whose removal begins anew")
    parser.add_argument("--plain", action="store_true", help="without pandas, even where it is installed")
    try:
        return asyncio.run(run(parser.parse_args()))
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on with it.")
        return 130
    except cloaca.Error as error:
        print(f"etl.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
