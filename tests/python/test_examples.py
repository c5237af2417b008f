"""The programs of examples/python as processes of their own, judged by what they leave and say."""

import csv
import http.client
import importlib.util
import json
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing

import pytest
from conftest import PATIENCE

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def module_of(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


totals = module_of(EXAMPLES / "quickstart" / "totals.py")


class Example:
    """A script that runs in the test's directory."""

    def __init__(self, directory, script, *arguments):
        self.process = subprocess.Popen([sys.executable, "-u", str(EXAMPLES / "python" / script), *arguments],
                                        cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True)

    def read_until(self, pattern):
        """The first match in a line."""
        for line in self.process.stdout:
            found = re.search(pattern, line)
            if found:
                return found
        pytest.fail(f"it ended before it said {pattern!r}: {self.process.communicate()[1]}")

    def wait(self):
        output, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output, errors

    def output(self):
        """What it says until its end, which must be a good one."""
        status, output, errors = self.wait()
        assert (status, errors) == (0, "")
        return output

    def kill(self):
        with self.process:  # closes the pipes
            self.process.kill()


@pytest.fixture
def start(tmp_path):
    made = []

    def start_one(script, *arguments):
        made.append(Example(tmp_path, script, *arguments))
        return made[-1]

    yield start_one
    for example in made:
        example.kill()


@pytest.fixture
def url(database):
    if database.schema is None:
        return database.url
    return f"{database.url}{'&' if '?' in database.url else '?'}schema={database.schema}"


# ---- tutorials


def output_in_page(number):
    """The blocks of output that a tutorial's page shows."""
    (page,) = (EXAMPLES.parent / "docs" / "tutorials").glob(f"python-{number:02}-*.md")
    return re.findall(r"^```text\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_first_workflow(start, only_sqlite):
    first, again = output_in_page(1)
    assert start("tutorials/01_first_workflow.py").output().startswith(first)
    assert start("tutorials/01_first_workflow.py").output().startswith(again)


def test_contexts_and_branches(start, only_sqlite):
    assert [start("tutorials/02_contexts_and_branches.py").output()] == output_in_page(2)


LETTERS = "tutorials/03_from_sqlite_to_postgresql.py"


def posted_by(example):
    """Of the forty."""
    return int(re.fullmatch(r"40 letters are posted, (\d+) by this process\n", example.output())[1])


def test_letters_by_one_process(start, url):
    assert posted_by(start(LETTERS, url)) == 40


def test_letters_by_two_processes(start, url, only_postgres):
    both = [start(LETTERS, url) for _ in range(2)]
    counts = [posted_by(example) for example in both]
    assert sum(counts) == 40 and min(counts) > 0


def test_letters_of_a_process_that_is_killed(start, url, database, only_postgres):
    lost, other = start(LETTERS, url), start(LETTERS, url)
    with database.runner() as watcher:  # it knows no workflow, and takes nothing over
        while lost.process.pid not in posters(watcher, 5):
            assert lost.process.poll() is None, "void: it had ended before it was to be killed"
        lost.kill()
        assert posted_by(other) < 40
        assert len(posters(watcher, 100)) == 40


def posters(watcher, most):
    completed = watcher.list(status="Completed", limit=most)
    return [watcher.result(execution["execution_id"]).final_context["posted_by"] for execution in completed]


def test_server_that_is_not_there(start):
    status, _, errors = start(LETTERS, "postgres://nobody@127.0.0.1:1/none").wait()
    assert status == 1 and "could not be reached" in errors and "Traceback" not in errors


TILLS = "tutorials/05_schedules_and_time_zones.py"


@pytest.mark.timeout(30)
def test_schedules_and_time_zones(start, only_sqlite):
    first = start(TILLS).output()
    assert first.startswith(output_in_page(5)[0])
    time.sleep(2)
    second = start(TILLS).output()
    fired = re.findall(r"^  (\S+): fired, till of Paris, (\S+)$", second, re.MULTILINE)
    assert len(set(fired)) == len(fired) >= 3 and all(one == other for one, other in fired)
    assert re.search(r"missed, with what follows, \d+ in all: no runner could fire it in time$", second, re.MULTILINE)


ORDERS = "tutorials/06_event_triggers_and_tenants.py"


def without_times(history):
    return re.sub(r"^  \S{19}: ", "  ", history, flags=re.MULTILINE)


class Orders:
    """The program, and one who sits before it."""

    def __init__(self, program):
        self.process, self.read_until = program.process, program.read_until

    def told(self, word):
        """What it answers."""
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        answer = "".join(iter(self.process.stdout.readline, f"({word})\n"))
        return without_times(f"{answer}({word})\n")

    def imported(self):
        return self.read_until(r"^(\w+: orders-\d)\.csv$")[1]

    def stop(self):
        """What it says on stderr."""
        output, errors = self.process.communicate("stop\n", timeout=PATIENCE)
        assert (self.process.returncode, output) == (0, "")
        return errors


@pytest.mark.timeout(30)
def test_event_triggers_and_tenants(start, tmp_path, only_sqlite):
    first, away, failed, both = map(without_times, output_in_page(6))

    def arrives(shop, number, orders, order=b"ham,2\n"):
        (tmp_path / "today").write_bytes(order * orders)
        (tmp_path / "today").rename(tmp_path / "inbox" / shop / f"orders-{number}.csv")

    orders = Orders(start(ORDERS))
    assert orders.told("history") == "lyon: it has seen []\n(history)\n"
    arrives("lyon", 1, 2)
    assert orders.imported() == "lyon: orders-1"
    assert orders.stop() == ""
    arrives("lyon", 2, 1)
    arrives("lyon", 3, 3)
    orders = Orders(start(ORDERS))
    assert {orders.imported(), orders.imported()} == {"lyon: orders-2", "lyon: orders-3"}
    assert orders.told("history") == first

    orders.told("pause")
    arrives("lyon", 4, 1)
    assert orders.stop() == ""
    orders = Orders(start(ORDERS))
    assert orders.told("history") == first
    orders.told("resume")
    assert orders.imported() == "lyon: orders-4"

    (tmp_path / "inbox" / "lyon").rename(tmp_path / "elsewhere")
    assert next(history for history in iter(lambda: orders.told("history"), "") if "failed" in history).startswith(away)
    (tmp_path / "elsewhere").rename(tmp_path / "inbox" / "lyon")
    arrives("lyon", 5, 1)
    assert orders.imported() == "lyon: orders-5"

    arrives("lyon", 6, 1, b"caf\xe9,1\n")
    assert next(history for history in iter(lambda: orders.told("history"), "") if "Failed" in history).startswith(failed)
    arrives("lyon", 6, 1)
    assert "lyon: orders-6.csv\n" in orders.told("again") or orders.imported() == "lyon: orders-6"
    assert orders.told("again") == "(again)\n"
    assert orders.stop().count("could not be polled") == 1

    orders = Orders(start(ORDERS, "lyon", "porto"))
    orders.told("history")
    arrives("porto", 1, 7)
    assert orders.imported() == "porto: orders-1"
    history = orders.told("history")
    assert all(part in history for part in both.split("  …\n"))
    assert orders.stop() == ""


# ---- flights.py


WEEK = [row for row in totals.FLIGHTS if row["carrier"] == "WN"]  # one airline, for the time that a test has
DAY = [row for row in totals.FLIGHTS if row["carrier"] == "EV" and row["day"] == "8"]


def tenth(number, flights):
    return f"{-(-len(flights) * number // 10)} of {len(flights)} flights done"


def test_flights(start, url):
    figures = totals.expected(WEEK)
    assert all(figures["table"]["total"]), "void: they must be late, cancelled, rebooked and failed"
    output = start("flights.py", "--week", "--airline", "WN", "--database", url).output()
    assert totals.reported(output) == figures
    assert all(tenth(number, WEEK) in output for number in range(1, 11))
    assert f"{len(WEEK)} flights done in" in output and "earlier run" not in output


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_flights_that_are_stopped_in_the_middle(start, url, by):
    arguments = ("flights.py", "--airline", "EV", "--database", url, "--lease", "1")
    first = start(*arguments)
    first.read_until(tenth(1, DAY))
    first.process.send_signal(by)
    status, output, errors = first.wait()
    assert "retries:" not in output, "void: it had ended before the signal came"
    if by == signal.SIGINT:
        assert status == 130 and "the same command goes on with it" in output and errors == ""

    second = start(*arguments).output()
    assert totals.reported(second) == totals.expected(DAY)
    assert len(DAY) // 10 <= int(re.search(r"; (\d+) were done by an earlier run", second)[1]) < len(DAY)


# ---- etl.py


def delays(days=range(4, 11)):
    """What must be loaded, from the CSV file."""
    table = defaultdict(lambda: [0, 0, 0, 0])
    for row in (row for row in totals.FLIGHTS if int(row["day"]) in days):
        minutes = 0 if row["arr_delay"] == "NA" else int(row["arr_delay"])
        figures = (1, row["dep_time"] == "NA", minutes >= 15, minutes if minutes >= 15 else 0)
        key = (f"2013-02-{int(row['day']):02}", row["origin"], row["carrier"])
        table[key] = [a + b for a, b in zip(table[key], figures)]
    return {(*key, *figures) for key, figures in table.items()}


def loaded(directory):
    with closing(sqlite3.connect(directory / "delays.db")) as database:
        return set(database.execute("SELECT * FROM delays"))


@pytest.mark.parametrize("way", ["plain", "pandas"])
def test_etl(start, url, tmp_path, way):
    if way == "pandas":
        pytest.importorskip("pandas")
    arguments = ["--plain"] if way == "plain" else []
    output = start("etl.py", "--directory", str(tmp_path), "--database", url, *arguments).output()
    assert ("without pandas" in output) == (way == "plain")
    assert loaded(tmp_path) == delays()

    with (tmp_path / "delays.csv").open(encoding="utf-8", newline="") as file:
        report = list(csv.DictReader(file))
    for column, place in (("flights", 3), ("cancelled", 4), ("late", 5)):
        sums = defaultdict(int)
        for line in delays():
            sums[line[:2]] += line[place]
        assert {(line["day"], line["airport"]): int(line[column]) for line in report} == sums


def test_etl_tries_again_while_another_writes(start, url, tmp_path):
    with closing(sqlite3.connect(tmp_path / "delays.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        example = start("etl.py", "--day", "8", "--directory", str(tmp_path), "--database", url, "--plain")
        example.read_until("attempt 3 to load it")
        other.execute("ROLLBACK")
    example.output()
    assert loaded(tmp_path) == delays([8])


def test_etl_that_is_stopped_goes_on(start, url, tmp_path):
    arguments = ("etl.py", "--day", "9", "--day", "10", "--directory", str(tmp_path), "--database", url, "--plain")
    with closing(sqlite3.connect(tmp_path / "delays.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        first = start(*arguments)
        first.read_until("attempt 2 to load it")
        first.process.send_signal(signal.SIGINT)
        status, output, errors = first.wait()
        assert status == 130 and "the same command goes on" in output and errors == ""
        other.execute("ROLLBACK")
    assert "32 lines" in start(*arguments).output()
    assert loaded(tmp_path) == delays([9, 10])


# ---- web.py


class Shop:
    """The endpoint, and requests to it."""

    def __init__(self, start, url):
        self.example = start("web.py", "--port", "0", "--database", url, "--lease", "1")
        self.port = int(self.example.read_until(r"listening on http://127\.0\.0\.1:(\d+)")[1])

    def ask(self, method, path, body=None, **headers):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def order(self, key, item="tea", quantity=2):
        return self.ask("POST", "/orders", json.dumps({"item": item, "quantity": quantity}), Idempotency_Key=key)


@pytest.fixture
def shop(start, url):
    return Shop(start, url)


def test_web_order(shop):
    status, accepted = shop.order("a")
    assert status == 202
    assert shop.ask("GET", accepted["url"])[1]["status"] in ("Pending", "Running")
    status, done = shop.ask("GET", f"{accepted['url']}?wait=5")
    assert status == 200 and done["status"] == "Completed"
    assert done["order"].items() >= {"item": "tea", "quantity": 2, "total": 9.0, "parcel": "2 x tea"}.items()
    assert shop.ask("GET", accepted["url"]) == (200, done)


def test_web_order_that_fails(shop):
    _, accepted = shop.order("a", "beer")
    status, done = shop.ask("GET", f"{accepted['url']}?wait=5")
    assert status == 200 and done["status"] == "Failed" and "we sell no beer" in done["error"]


def test_web_order_that_is_sent_twice(shop):
    assert shop.order("a") == shop.order("a")
    assert shop.order("b") != shop.order("a")
    status, refused = shop.order("a", quantity=3)
    assert status == 409 and "another input" in refused["error"]


ORDER = '{"item": "tea", "quantity": 2}'


KEY = {"Idempotency_Key": "k"}
REFUSED = {
    "no key": (400, "POST", "/orders", ORDER, {}),
    "a long key": (400, "POST", "/orders", ORDER, {"Idempotency_Key": "k" * 101}),
    "half an object": (400, "POST", "/orders", "{", KEY),
    "an array": (400, "POST", "/orders", "[]", KEY),
    "a deep array": (400, "POST", "/orders", "[" * 60_000, KEY),
    "half a character": (400, "POST", "/orders", '{"item": "\\ud800", "quantity": 2}', KEY),
    "no number": (400, "POST", "/orders", '{"item": "tea", "quantity": true}', KEY),
    "a large number": (400, "POST", "/orders", '{"item": "tea", "quantity": 1001}', KEY),
    "a wait for ever": (400, "GET", "/orders/x?wait=for-ever", None, {}),
    "no id": (404, "GET", "/orders/x", None, {}),
    "an unknown id": (404, "GET", "/orders/0190b0b0-0000-7000-8000-000000000000", None, {}),
    "another path": (404, "GET", "/", None, {}),
    "another method": (405, "DELETE", "/orders/x", None, {}),
    "a body in chunks": (411, "POST", "/orders", iter([ORDER.encode()]), KEY),
    "a large body": (413, "POST", "/orders", None, {"Content_Length": "1000000", **KEY}),
    "large headers": (431, "GET", "/orders/x", None, {"Cookie": "c" * 100_000}),
}


def test_web_requests_that_are_refused(shop):
    answers = {what: shop.ask(*request, **headers) for what, (_, *request, headers) in REFUSED.items()}
    assert {what: status for what, (status, _) in answers.items()} == {what: REFUSED[what][0] for what in REFUSED}
    assert all(answer["error"] for _, answer in answers.values())


def test_web_is_heard_on_loopback_alone(shop):
    table = pathlib.Path("/proc/net/tcp")
    if not table.exists():
        pytest.skip("no /proc/net/tcp here")
    listening = [line.split()[1] for line in table.read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert [address for address in listening if int(address.split(":")[1], 16) == shop.port] == [
        f"0100007F:{shop.port:04X}"
    ]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_web_order_outlives_the_process(start, url, by):
    shop = Shop(start, url)
    _, accepted = shop.order("a")
    waiting = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=PATIENCE)
    waiting.request("GET", f"{accepted['url']}?wait=5")
    assert shop.ask("GET", accepted["url"])[1]["status"] in ("Pending", "Running")
    shop.example.process.send_signal(by)
    if by != signal.SIGKILL:  # who waited is told, and who is stopped says how to go on
        answer = waiting.getresponse()
        assert (answer.status, "shut down" in answer.read().decode()) == (503, True)
        assert "go on at the next start" in shop.example.output()
    waiting.close()
    shop.example.process.wait(PATIENCE)

    _, done = Shop(start, url).ask("GET", f"{accepted['url']}?wait=7")
    assert done["status"] == "Completed" and done["order"]["parcel"] == "2 x tea"


# ---- service.py


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_service_that_is_ended(start, url, by):
    service = start("service.py", "--database", url)
    till = service.read_until(r"^counting the till of (\S+)$")[1]
    service.process.send_signal(by)
    lines = service.output().splitlines()  # its status is 0
    assert f"{by.name}: ending" in lines and lines[-1] == "ended"
    assert f"counted the till of {till}" in lines, "what had begun was not brought to its end"

    again = start("service.py", "--database", url)
    assert again.read_until(r"^counting the till of (\S+)$")[1] > till
    again.process.send_signal(by)
    assert again.output().endswith("ended\n")


def test_service_without_a_server(start):
    status, _, errors = start("service.py", "--database", "postgres://nobody@127.0.0.1:1/none").wait()
    assert status == 1 and "could not be reached" in errors and "Traceback" not in errors
