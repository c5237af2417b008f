"""Settles the claims of a day's flights in a blizzard: one workflow execution for each flight.

Stop it with Ctrl-C, or kill it, and start it again: it goes on where it was. The C++ program of the same workflow is
examples/quickstart, and so are its data.
"""

import argparse
import asyncio
import csv
import datetime
import os
import pathlib
import sys
import time
from bisect import bisect_right
from collections import defaultdict
from typing import Any

import cloaca
from cloaca import Context, TaskHandle, WorkflowResult, context_value

Row = dict[str, str]

DATA = pathlib.Path(__file__).resolve().parents[1] / "quickstart" / "data"
LATE_FROM_MINUTES = 180


def read_csv(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ---- the services that an airline would ask, as files

FLIGHTS = read_csv("flights_2013-02-04_to_10.csv")
WEATHER = {(row["origin"], row["time_hour"]): row for row in read_csv("weather_2013-02-04_to_10.csv")}
AIRLINES = {row["carrier"]: row["name"] for row in read_csv("airlines.csv")}
ANSWER_SECONDS = 0.02


def scheduled(row: Row) -> str:
    """Local time, as 2013-02-08 05:24."""
    year, month, day, hour, minute = (int(row[field]) for field in ("year", "month", "day", "hour", "minute"))
    return f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}"


def departures() -> dict[str, list[str]]:
    """Of each carrier and route, when flights really left and arrived, in order."""
    left = defaultdict(list)
    for row in FLIGHTS:
        if row["arr_delay"] != "NA":
            left[row["carrier"] + row["origin"] + row["dest"]].append(f"{scheduled(row)}, {row['flight']}")
    return {route: sorted(times) for route, times in left.items()}


DEPARTURES = departures()


def outages(flight: dict[str, Any]) -> int:
    """How often the weather service is down before it answers for this flight; the same in every run."""
    total = sum((flight["scheduled"] + flight["number"]).encode())
    return 2 if total % 32 == 0 else 1 if total % 8 == 0 else 0


# ---- the workflow
#
#                 ┌─> look_up_weather ─┐             ┌─> compensate ─┐
#   parse ────────┤                    ├──> assess ──┤               ├──> settle
#                 └─> look_up_airline ─┘             └─> rebook ─────┘
#                                                    each only by its rule

with cloaca.WorkflowBuilder("settle_claim") as builder:
    builder.description("Settles the claim of one flight")

    @cloaca.task()
    def parse(context: Context) -> None:
        row = context["row"]
        cancelled = row["dep_time"] == "NA"
        if not cancelled and row["arr_delay"] == "NA":
            raise cloaca.PermanentError(f"left at {row['dep_time']}, but the row has no arr_delay")
        context["flight"] = {
            "number": f"{row['carrier']} {row['flight']}",
            "route": row["carrier"] + row["origin"] + row["dest"],
            "scheduled": scheduled(row),
            "miles": int(row["distance"]),
        }
        context["cancelled"] = cancelled
        context["minutes_late"] = 0 if cancelled else int(row["arr_delay"])

    # An `async def`: while it waits for the service it needs no thread. A service that is down for a moment is asked
    # again.
    @cloaca.task(dependencies=[parse], retry_attempts=5, retry_delay_ms=50, retry_max_delay_ms=500)
    async def look_up_weather(context: Context, handle: TaskHandle) -> None:
        await asyncio.sleep(ANSWER_SECONDS)
        if handle.attempt <= outages(context["flight"]):
            raise cloaca.TransientError("weather service: 503 temporarily unavailable")
        found = WEATHER[context["row"]["origin"], context["row"]["time_hour"]]
        context["weather"] = {"visibility_miles": float(found["visib"]), "wind_mph": float(found["wind_speed"])}

    @cloaca.task(dependencies=[parse])
    async def look_up_airline(context: Context) -> None:
        await asyncio.sleep(ANSWER_SECONDS)
        context["airline"] = AIRLINES[context["row"]["carrier"]]

    @cloaca.task(dependencies=[look_up_weather, look_up_airline])
    def assess(context: Context) -> None:
        weather = context["weather"]
        bad = weather["visibility_miles"] < 3 or weather["wind_mph"] >= 25
        disrupted = context["cancelled"] or context["minutes_late"] >= LATE_FROM_MINUTES
        context["cause"] = "" if not disrupted else "weather" if bad else "airline"

    # Amounts by distance, as European law has them; American law knows none.
    @cloaca.task(
        dependencies=[assess],
        trigger_rules=cloaca.any_of(
            context_value("cancelled", "==", True), context_value("minutes_late", ">", LATE_FROM_MINUTES - 1)
        ),
    )
    def compensate(context: Context) -> None:
        miles = context["flight"]["miles"]
        context["dollars"] = 250 if miles <= 932 else 400 if miles <= 2175 else 600

    # Where nothing is left to rebook on, the key is not written.
    @cloaca.task(dependencies=[assess], trigger_rules=context_value("cancelled", "==", True))
    def rebook(context: Context) -> None:
        missed = context["flight"]
        times = DEPARTURES.get(missed["route"], [])
        later = times[bisect_right(times, missed["scheduled"] + "~") :]
        if later:
            context["new_flight"] = later[0]

    # A task that was skipped by its own rule stops nobody: settle runs, and finds no value from it. But it stops with
    # assess, which is skipped when something failed before.
    @cloaca.task(dependencies=[assess, compensate, rebook])
    def settle(context: Context) -> None:
        due = f"{context['dollars']} dollars ({context['cause']})" if "dollars" in context else "nothing due"
        new = f"; new flight: {context['new_flight']}" if "new_flight" in context else ""
        context["settlement"] = f"{context['airline']}: {due}{new}"


# ---- run it


def key_of(row: Row) -> str:
    """Names the flight: on a second start the runner answers with the execution that it has already."""
    return f"{row['month']}-{row['day']} {row['carrier']}{row['flight']} {row['origin']}"


def show_progress(done: int, total: int) -> None:
    """Each of them on a terminal, every tenth in a log."""
    if sys.stdout.isatty():
        print(f"\r{done} of {total} flights done", end="\n" if done == total else "", flush=True)
    elif done * 10 // total > (done - 1) * 10 // total:
        print(f"{done} of {total} flights done", flush=True)


def tell_of_others(runner: cloaca.DefaultRunner) -> None:
    """What a killed process owned comes to this one when its lease has run out."""
    for other in runner.runners():
        if other["pid"] != os.getpid() and other["state"] == "alive" and other["executions"]:
            print(f"{other['executions']} claims are another process's; if it was killed, they come here soon")


async def settle_all(runner: cloaca.DefaultRunner, flights: list[Row]) -> list[WorkflowResult]:
    """Hands every flight to the runner, without waiting for one before the next."""
    waits = [
        asyncio.ensure_future(runner.execute_async("settle_claim", {"row": row}, idempotency_key=key_of(row)))
        for row in flights
    ]
    results = []
    try:
        for wait in asyncio.as_completed(waits):
            results.append(await wait)
            show_progress(len(results), len(flights))
    finally:  # after a Ctrl-C nobody waits any more; what was submitted goes on
        for one in waits:
            one.cancel()
    return results


async def run(options: argparse.Namespace) -> None:
    flights = [
        row for row in FLIGHTS
        if (options.week or row["day"] == "8") and options.airline in (None, row["carrier"])
    ]
    begun, start = datetime.datetime.now(datetime.timezone.utc).isoformat(), time.monotonic()
    # The services that the coroutines ask would not thank us for more calls than that at a time.
    config = cloaca.DefaultRunnerConfig(max_concurrent_async_tasks=64, lease_ms=int(options.lease * 1000))
    async with cloaca.DefaultRunner(options.database, config) as runner:
        tell_of_others(runner)
        results = await settle_all(runner, flights)
    earlier = sum(result.end_time < begun for result in results)
    print(f"\n{len(results) - earlier} flights done in {time.monotonic() - start:.1f} s", end="")
    print(f"; {earlier} were done by an earlier run" if earlier else "")
    print_report(results)


# ---- the table at the end

COLUMNS = ("flights", "cancelled", "late", "compensated", "dollars", "rebooked", "failed")


def figures_of(claim: WorkflowResult) -> list[int]:
    if claim.status != "Completed":
        return [1, 0, 0, 0, 0, 0, 1]
    context = claim.final_context
    late, dollars = context["minutes_late"] >= LATE_FROM_MINUTES, context.get("dollars", 0)
    return [1, context["cancelled"], late, dollars > 0, dollars, "new_flight" in context, 0]


def print_report(claims: list[WorkflowResult]) -> None:
    table: dict[str, list[int]] = defaultdict(lambda: [0] * len(COLUMNS))
    for claim in claims:
        airline = AIRLINES[claim.final_context["row"]["carrier"]]
        for name in (airline, "~total"):  # ~: behind every airline
            table[name] = [a + b for a, b in zip(table[name], figures_of(claim))]
    for name, figures in [("airline", COLUMNS), *sorted(table.items())]:
        print(f"{name.lstrip('~'):<28}", *(f"{figure:>{len(column) + 2}}" for figure, column in zip(figures, COLUMNS)))

    failures = [claim for claim in claims if claim.status != "Completed"]
    completed = [claim.final_context for claim in claims if claim.status == "Completed"]
    cancelled = [context for context in completed if context["cancelled"]]
    retries = sum(max(task.attempts, 1) - 1 for claim in claims for task in claim.task_results.values())
    print("\nlate: 3 hours or more; rebooked: when the carrier still flew there that week")
    print(f"cancelled in bad weather: {sum(c['cause'] == 'weather' for c in cancelled)} of {len(cancelled)}")
    print(f"retries: {retries}, of weather lookups that answered 503")
    print(f"failures: {len(failures)}, of rows that lack what they need: no retry can help those")
    for claim in failures[:3]:
        print(f"  {key_of(claim.final_context['row'])}: {(claim.error_message or '').splitlines()[0]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--week", action="store_true", help="all 6104 flights of the week, not only the 930 of the 8th")
    parser.add_argument("--airline", choices=sorted(AIRLINES), metavar="CODE", help="only its flights, such as B6")
    parser.add_argument("--database", default="sqlite://flights.db", metavar="URL", help="default: %(default)s")
    parser.add_argument("--lease", type=float, default=15, metavar="SECONDS",
                        help="a process that was silent for so long is dead, and its work is taken over; default: 15")
    try:
        asyncio.run(run(parser.parse_args()))
    except KeyboardInterrupt:
        print("\nStopped. What is done is stored, and so is the rest: the same command goes on with it.")
        return 130
    except cloaca.Error as error:
        print(f"flights.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
