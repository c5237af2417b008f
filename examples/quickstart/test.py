"""The quickstart's figures against the CSV files, read here without the program's help; also after a Ctrl-C."""

import csv
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
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
        sys.exit(f"the report is incomplete:\n{output}")
    return {"table": table, "retries": int(counts[1]), "failures": int(counts[2]), "bad weather": int(weather[1])}


def run(scratch: pathlib.Path, *arguments: str) -> str:
    answer = subprocess.run([PROGRAM, *arguments], cwd=scratch, stdout=subprocess.PIPE, text=True, timeout=100,
                            check=False)
    if answer.returncode != 0:
        sys.exit(f"quickstart {' '.join(arguments)} ended with {answer.returncode}:\n{answer.stdout}")
    return answer.stdout


def check(name: str, output: str, flights: list[dict[str, str]]) -> None:
    wanted, found = expected(flights), reported(output)
    if wanted != found:
        sys.exit(f"{name}: the report differs from the CSV files\nexpected {wanted}\nreported {found}\n{output}")
    print(f"{name}: {len(flights)} flights, as the CSV files say")


def check_details(scratch: pathlib.Path, output: str) -> None:
    failures = re.findall(r"task 'parse' failed after 1 attempt: left at \d+, but the row has no arr_delay", output)
    if len(failures) != 3:
        sys.exit(f"three failures must be told with task, attempts and error:\n{output}")
    picture = (scratch / "flight.md").read_text(encoding="utf-8")
    if "```mermaid\nflowchart" not in picture or not re.search(r"Completed after 3 attempts, \d+ .?s", picture):
        sys.exit(f"the picture must show states, attempts and durations:\n{picture}")


def interrupt_in_the_middle(scratch: pathlib.Path) -> None:
    """Ctrl-C as soon as a tenth is settled."""
    with subprocess.Popen([PROGRAM, "--week"], cwd=scratch, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "flights done" in line and process.poll() is None:
                process.send_signal(signal.SIGINT)
                break
        output += process.stdout.read()
        process.wait(timeout=60)
    if process.returncode != 130 or "the same command goes on with it" not in output:
        sys.exit(f"after SIGINT: ended with {process.returncode}, expected 130 and a word how to go on:\n{output}")
    if "retries:" in output:
        sys.exit(f"void: the run had ended before the signal came\n{output}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cloacina-quickstart-") as directory:
        scratch = pathlib.Path(directory)
        day = [row for row in FLIGHTS if row["day"] == "8"]
        first = run(scratch)
        check("first start", first, day)
        check_details(scratch, first)
        again = run(scratch)
        check("second start", again, day)
        if "930 were done by an earlier run" not in again:
            sys.exit(f"the second start must say that nothing was left to do:\n{again}")
        run(scratch, "--fresh")
    with tempfile.TemporaryDirectory(prefix="cloacina-quickstart-") as directory:
        scratch = pathlib.Path(directory)
        interrupt_in_the_middle(scratch)
        check("after Ctrl-C", run(scratch, "--week"), FLIGHTS)


main()
