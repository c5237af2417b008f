"""What a report must say, from the CSV files, read here without the program's help; and what it does say.

For the tests of the quickstart and of its sibling in Python.
"""

import csv
import pathlib
import re
from collections import defaultdict

DATA = pathlib.Path(__file__).parent / "data"
COLUMNS = ("flights", "cancelled", "late", "compensated", "dollars", "rebooked", "failed")


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FLIGHTS = rows("flights_2013-02-04_to_10.csv")
AIRLINES = {row["carrier"]: row["name"] for row in rows("airlines.csv")}
WEATHER = {(row["origin"], row["time_hour"]): row for row in rows("weather_2013-02-04_to_10.csv")}


def scheduled(row: dict[str, str]) -> str:
    return "{year}-{:0>2}-{:0>2} {:0>2}:{:0>2}".format(row["month"], row["day"], row["hour"], row["minute"],
                                                      year=row["year"])


def route(row: dict[str, str]) -> tuple[str, str, str]:
    return row["carrier"], row["origin"], row["dest"]


def expected(flights: list[dict[str, str]]) -> dict[str, object]:
    departures = defaultdict(list)
    for row in FLIGHTS:
        if row["arr_delay"] != "NA":
            departures[route(row)].append(scheduled(row))
    table: dict[str, list[int]] = defaultdict(lambda: [0] * len(COLUMNS))
    retries = bad_weather = 0
    for row in flights:
        cancelled = row["dep_time"] == "NA"
        failed = not cancelled and row["arr_delay"] == "NA"
        late = not cancelled and not failed and int(row["arr_delay"]) >= 180
        miles = int(row["distance"])
        dollars = (250 if miles <= 932 else 400 if miles <= 2175 else 600) if cancelled or late else 0
        rebooked = cancelled and any(time > scheduled(row) for time in departures[route(row)])
        figures = (1, cancelled, late, cancelled or late, dollars, rebooked, failed)
        for name in (AIRLINES[row["carrier"]], "total"):
            table[name] = [int(a + b) for a, b in zip(table[name], figures)]
        if not failed:
            total = sum(f"{scheduled(row)}{row['carrier']} {row['flight']}".encode())
            retries += 2 if total % 32 == 0 else 1 if total % 8 == 0 else 0
        weather = WEATHER[row["origin"], row["time_hour"]]
        bad_weather += cancelled and (float(weather["visib"]) < 3 or float(weather["wind_speed"]) >= 25)
    return {"table": dict(table), "retries": retries, "failures": table["total"][-1], "bad weather": bad_weather}


def reported(output: str) -> dict[str, object]:
    table = {}
    for line in output.splitlines():
        found = re.fullmatch(r"(\S.*?)" + r" +(\d+)" * len(COLUMNS), line)
        if found:
            table[found[1]] = [int(figure) for figure in found.groups()[1:]]
    counts = re.search(r"retries: (\d+),.*\nfailures: (\d+),", output)
    weather = re.search(r"cancelled in bad weather: (\d+) of", output)
    if counts is None or weather is None:
        raise ValueError(f"the report is incomplete:\n{output}")
    return {"table": table, "retries": int(counts[1]), "failures": int(counts[2]), "bad weather": int(weather[1])}
