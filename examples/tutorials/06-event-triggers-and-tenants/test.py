"""The tutorial's steps, as a reader types them; judged by what the program says."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FIRED = r"  \d\d \w{3} [\d:]{8} UTC: fired, (\S+) with (\d+) orders"
FAILED_IMPORT = r"fired, orders-6.csv, and its import is not done: (.+)"
FAILED = r"  \d\d \w{3} [\d:]{8} UTC: failed, .*inbox/lyon"


class Orders:
    """The program while it runs."""

    def __init__(self, here: pathlib.Path, *shops: str) -> None:
        self.process = subprocess.Popen([PROGRAM, *shops], cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin and self.process.stdout
        self.words, self.lines = self.process.stdin, self.process.stdout
        self.limit = threading.Timer(60, self.process.kill)
        self.limit.start()
        self.imported: list[str] = []

    def line(self) -> str:
        line = self.lines.readline()
        if not line:
            sys.exit(f"the program says no more; it has imported {len(self.imported)} files")
        print(line, end="")
        if re.match(r"\w+: orders-", line):
            self.imported.append(line.strip())
        return line

    def wait_for(self, *files: str) -> None:
        """Until these are imported, beside those that were."""
        while not set(files) <= set(self.imported):
            self.line()

    def say(self, word: str) -> str:
        """What it answers, but for what it imports meanwhile."""
        self.words.write(word + "\n")
        self.words.flush()
        answer = ""
        while (line := self.line()) != f"({word})\n":
            answer += line if line.strip() not in self.imported else ""
        return answer

    def stop(self) -> list[str]:
        """What it has imported."""
        rest = self.process.communicate("stop\n")[0]
        self.limit.cancel()
        self.imported += rest.splitlines()
        if self.process.returncode != 0:
            sys.exit(f"it ended with {self.process.returncode}")
        return self.imported


def bring(inbox: pathlib.Path, name: str, orders: int) -> None:
    """Written beside the inbox, and moved into it."""
    part = inbox.parent / "part"
    part.write_text("ham,2\n" * orders, encoding="utf-8")
    inbox.mkdir(exist_ok=True)
    os.replace(part, inbox / name)


def expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        sys.exit(f"{what}: {found}, expected {wanted}")


def one_shop(here: pathlib.Path) -> None:
    inbox = here / "inbox/lyon"
    orders = Orders(here)
    orders.say("hello")  # the directory is there
    bring(inbox, "orders-1.csv", 2)
    orders.wait_for("lyon: orders-1.csv")
    expect(orders.stop(), ["lyon: orders-1.csv"], "the first start")

    bring(inbox, "orders-3.csv", 1)
    bring(inbox, "orders-2.csv", 3)
    orders = Orders(here)
    orders.wait_for("lyon: orders-3.csv")
    answer = orders.say("history")
    expect(answer.splitlines()[0], 'it keeps {"seen":["orders-1.csv","orders-2.csv","orders-3.csv"]}', "the state")
    expect(re.findall(FIRED, answer), [("orders-3.csv", "1"), ("orders-2.csv", "3"), ("orders-1.csv", "2")], "the history")

    orders.say("pause")
    bring(inbox, "orders-4.csv", 1)
    time.sleep(0.5)  # five polls
    expect(orders.stop(), ["lyon: orders-2.csv", "lyon: orders-3.csv"], "what came before the pause")
    orders = Orders(here)
    expect(len(re.findall(FIRED, orders.say("history"))), 3, "fired while it is paused")
    expect(orders.imported, [], "imported while it is paused")
    orders.say("resume")
    orders.wait_for("lyon: orders-4.csv")

    inbox.rename(here / "elsewhere")
    while not re.search(FAILED, orders.say("history")):
        time.sleep(0.05)
    (here / "elsewhere").rename(inbox)
    bring(inbox, "orders-5.csv", 1)
    orders.wait_for("lyon: orders-5.csv")
    bring(inbox, "orders-0.csv", 1)  # late, and the first by name
    orders.wait_for("lyon: orders-0.csv")
    (inbox / "orders-6.csv").symlink_to("nowhere")
    while not (failed := re.search(FAILED_IMPORT, orders.say("history"))):
        time.sleep(0.05)
    expect("cannot read orders-6.csv" in failed[1], True, "the line of an import that failed")
    (inbox / "orders-6.csv").unlink()
    expect(orders.stop(), ["lyon: orders-4.csv", "lyon: orders-5.csv", "lyon: orders-0.csv"], "the last start")


def many_shops(here: pathlib.Path) -> None:
    bring(here / "inbox/porto", "orders-1.csv", 7)
    orders = Orders(here, "lyon", "porto")
    orders.wait_for("lyon: orders-5.csv", "porto: orders-1.csv")
    answer = orders.say("history")
    heads = [line for line in answer.splitlines() if "it keeps" in line]
    seen = ",".join(f'"orders-{i}.csv"' for i in range(6))
    expect(heads, [f'lyon: it keeps {{"seen":[{seen}]}}', 'porto: it keeps {"seen":["orders-1.csv"]}'], "states")
    expect(len(re.findall(FIRED, answer)), 7, "files, each of one shop")
    expect(sorted(orders.stop()), [f"lyon: orders-{i}.csv" for i in range(6)] + ["porto: orders-1.csv"], "imported")
    expect(sorted(path.name for path in (here / "shops").glob("*.db")), ["lyon.db", "porto.db"], "a file for each tenant")
    orders = Orders(here, "lyon", "porto")
    orders.say("history")
    bring(here / "inbox/porto", "orders-2.csv", 1)
    orders.wait_for("porto: orders-2.csv")
    expect(orders.stop(), ["porto: orders-2.csv"], "after another start")


with tempfile.TemporaryDirectory(prefix="cloacina-inbox-") as scratch:
    one_shop(pathlib.Path(scratch))
    many_shops(pathlib.Path(scratch))
