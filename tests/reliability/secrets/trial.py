"""Secrets: passwords in URLs of every form, also malformed ones, are found nowhere: no exception, log, row or variable.

A password that stands where something else belongs (`postgres://PASSWORD@host`: a user) is nobody's to know, and no case.
"""

from __future__ import annotations

import os
import pathlib
import re
import sqlite3
import subprocess
import urllib.parse

from trial import Trial, Void

MUTANTS = {"url_shown_whole": "a server's URL is shown without its password",
           "driver_shown_whole": "what a driver says is cleared of the password"}

# {p}: the password.  What is wrong with them is what people mistype, and how other products write it.
FORMS = """
postgres://user:{p}@localhost:5432/db
postgres://user:{p}@localhost/db?sslmode=require
postgresql://user:{p}@[::1]:5432/db
POSTGRES://:{p}@localhost
postgres://user:{p}@
postgres://user:{p}@localhost:port/db
postgres://user:{p}@127.0.0.1:1,localhost:2/db
postgres://user:{p}@localhost/db?password={p}
postgres://user:other@localhost/db?password={p}
postgres://user@localhost:5432/db?password={p}&sslmode=require
postgres://user@localhost/db?sslpassword={p}&password={p}
postgres://user@localhost/db?PASSWORD={p}
postgres:///db?user=user&password={p}
postgres:///db?user=user&password%3D{p}
postgres://localhost/db&password={p}
postgres://localhost/db;password={p}
postgres://localhost/db%3Fpassword%3D{p}
postgres://user%3A{p}@localhost/db
postgres://user%3A{p}%40localhost/db
postgres://user:{p}%40localhost/db
postgres://user:{p}/db
postgres:/user:{p}@localhost/db
postgres//user:{p}@localhost/db
postgres:user:{p}@localhost/db
postgre://user:{p}@host/db
postgres+ssl://user:{p}@localhost/db
 postgres://user:{p}@localhost/db
"postgres://user:{p}@localhost/db"
url=postgres://user:{p}@localhost/db
mysql://user:{p}@host/db
jdbc:postgresql://localhost/db?user=user&password={p}
//user:{p}@host/db
user:{p}@host/db
user:{p}@postgres://localhost/db
host=host user=user password={p}
host=host user=user password='{p}
host:host password:{p}
Server=host;User Id=user;Pwd={p}
Server:host;Pwd:{p}
sqlite://user:{p}@host/db
sqlite:///user:{p}@host/db
sqlite:////user:{p}@host/db
sqlite://data/user:{p}@host/db
sqlite:user:{p}@host/db
sqlite:/user:{p}@host/db
sqlite://x.db?password={p}
sqlite://x.db?password:{p}
sqlite://x.db?password%3D{p}
sqlite://x.db?mode=rw;password={p}
sqlite://x.db?mode=rw%26password={p}
sqlite://x.db?mode=rw;pwd:{p}
sqlite://x.db?_busy_timeout=5;password={p}
sqlite://x.db?_synchronous=password={p}
sqlite://x.db?_journal_mode=user:{p}@host
sqlite://x.db?user:{p}@host
sqlite://x.db;password={p}
sqlite://x.db&password={p}
sqlite://x.db#password={p}
sqlite://x.db%3Fpassword={p}
sqlite://x.db;Pwd={p}
sqlite://Data Source=x.db;Password={p}
sqlite::memory:?password={p}
sqlite::memory:;password={p}
file:x.db?password={p}
file:///x.db?password={p}
""".strip("\n").split("\n")

ACCEPTED = ["sqlite://accepted.db", "sqlite://accepted.db?mode=rw&_busy_timeout=250", "sqlite::memory:"]
SIGNS = ["@", ":", "/", "?", "#", "%", "&", "=", ";", " ", "'", '"', "\\", "%41", "\u00e9", "\xff", "[", "+"]


LETTERS, LENGTH = "ghjkmnpqrstvwxyz0123456789", 14  # of what is searched for: no part of a word, nor of an id


def password(trial: Trial) -> tuple[str, str]:
    """What is searched for, and the password that it is a part of."""
    letters = LETTERS if trial.dice.random() < 0.9 else "0123456789"
    core = "".join(trial.dice.choice(letters) for _ in range(LENGTH))
    if trial.dice.random() < 0.5:
        return core, core
    return core, trial.dice.choice(["", "ab"]) + trial.dice.choice(SIGNS) + core + trial.dice.choice(["", *SIGNS])


def mistyped(trial: Trial, form: str) -> str:
    """One sign more, before anything that makes the password one."""
    end = re.search("pass|pwd|%3|[:=]{p}|{p}", form, re.IGNORECASE).start()
    place = trial.dice.randrange(end + 1)
    return form[:place] + trial.dice.choice(SIGNS) + form[place:]


def case(trial: Trial, number: int) -> tuple[str, bytes]:
    core, secret = password(trial)
    form = FORMS[number % len(FORMS)]
    if form.endswith(":{p}/db"):
        secret = secret.replace("@", "")  # else it stands where the host belongs
    if number >= len(FORMS) and trial.dice.random() < 0.5:
        form = mistyped(trial, form)
    if trial.dice.random() < 0.3:
        secret = urllib.parse.quote(secret, safe="", encoding="latin-1")
    return core, form.replace("{p}", secret).encode("latin-1")


def rows(path: pathlib.Path):
    """Every value of every table."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for row in database.execute(f'SELECT * FROM "{table.decode()}"'):
            yield f"rows of {table.decode()}", b"\0".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    database.close()


def places(output: bytes, directory: pathlib.Path):
    """(where, text) of all that may be read by others."""
    for line in output.splitlines():
        yield f"{line.split(b':')[0].decode('utf-8', 'replace')} text", line
    for line in (directory / "log").read_bytes().splitlines():
        yield "log", line
    for path in sorted(directory.rglob("*")):
        yield "name of a file", os.fsencode(path)
        if path.is_file() and path.name != "log":
            yield "bytes of a file", path.read_bytes()
    yield from rows(directory / "secrets.db")


def search(cases: list[tuple[str, bytes]], texts) -> list[str]:
    urls = {core.encode(): url for core, url in cases}
    runs = re.compile(b"[%s]{%d,}" % (LETTERS.encode(), LENGTH))
    problems = []
    for where, text in texts:
        text = text.lower()
        for found in runs.finditer(text):
            for start in range(found.start(), found.end() - LENGTH + 1):
                if url := urls.get(text[start:start + LENGTH]):
                    problems.append(f"shown: in {where}, the password of {url!r}: {text[max(0, start - 150):start + 60]!r}")
    return problems


def run(trial: Trial) -> list[str]:
    cases = [case(trial, number) for number in range(trial.by_scale(1_000, 10_000, 100_000))]
    lines = b"".join(url.hex().encode() + b"\n" for url in [url for _, url in cases] + [url.encode() for url in ACCEPTED])
    answer = subprocess.run([trial.program("secrets"), trial.directory / "secrets.db", trial.directory / "log"],
                            cwd=trial.directory, input=lines, env=trial.environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=60 + len(cases) // 20, check=False)
    if answer.returncode != 0:
        return [f"exit: {answer.returncode}: {answer.stdout[-300:]!r}"]
    opened = answer.stdout.count(b"runner: opened\n")
    failed = sum(b"\0Failed\0" in text for where, text in rows(trial.directory / "secrets.db") if where.endswith("workflow_executions"))
    trial.note(urls=len(cases), opened=opened, errors_stored=failed, lines_logged=(trial.directory / "log").read_bytes().count(b"\n"))
    problems = search(cases, places(answer.stdout, trial.directory))
    if opened < len(ACCEPTED) - 1 or failed < len(cases) // 2:
        raise Void(f"{opened} URLs were opened and {failed} errors stored: hardly anything could have shown")
    return problems
