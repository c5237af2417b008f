"""Secrets: passwords in URLs of every form, also malformed ones, are found nowhere: no exception, log, row or variable.

A password that stands where something else belongs (`postgres://PASSWORD@host`: a user) is nobody's to know, and no case.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

from databases import DatabaseError, PostgresSchema, SqliteFile
from trial import Trial, Void

BACKENDS = ("sqlite", "postgres")
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

# Of a server that answers. {a}: its address and database, {r}: a role of it, whose password is {own}.
SERVER_FORMS = """
postgres://{r}:{p}@{a}
postgres://{r}@{a}?password={p}
postgres://nobody:{p}@{a}
postgres://{r}:{own}@{a}?sslmode=require
postgres://{r}:{own}@{a}?sslmode={p}
postgres://{r}:{own}@{a}?connect_timeout={p}
postgres://{r}:{own}@{a}?target_session_attrs={p}
postgres://{r}:{own}@{a}?service={p}
postgres://{r}:{own}@{a}?passfile=/nowhere/{p}
postgres://{r}:{own}@{a}?sslcert=/nowhere/{p}&sslmode=verify-full
postgres://{r}:{own}@{a}?options=-c%20{p}
postgres://{r}:{own}@{a}?options=-c%20statement_timeout%3D{p}
postgres://{r}:{own}@{a}?options=-c%20role%3D{p}
postgres://{r}:{own}@{a}?listen={p}
postgres://{r}:{own}@{a}?{p}=1
postgres://{r}:{own}@{a}_nowhere?password={p}
postgres://{r}:{own}@{a}?schema=not_ours
postgres://{r}:{own}@{a}?schema={r}
postgres://{r}:{own}@{a}?schema={r}&listen=false
postgres://{r}@{a}?schema={r}&password={own}
""".strip("\n").split("\n")

# The password stands in the environment, or in a file that it names.
ELSEWHERE_FORMS = """
postgres://{r}@{a}?schema={r}
postgres://nobody@{a}
postgres://{r}@{a}_nowhere
postgres://{r}@{a}?schema=not_ours
postgres://{r}@{a}?sslmode=require
postgres://{r}@{a}?sslmode=nonsense
postgres://{r}@{a}?options=-c%20nonsense
postgres://{r}@{a}?require_auth=none
postgres://{r}@localhost:1/db
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
    end = re.search("pass|pwd|%3|[:=]{p}|{p}|[:=]{own}", form, re.IGNORECASE).start()
    place = trial.dice.randrange(end + 1)
    return form[:place] + trial.dice.choice(SIGNS) + form[place:]


def case(trial: Trial, number: int, forms: list[str], fill) -> tuple[str, bytes]:
    core, secret = password(trial)
    form = forms[number % len(forms)]
    if form.endswith(":{p}/db"):
        secret = secret.replace("@", "")  # else it stands where the host belongs
    if number >= len(forms) and trial.dice.random() < 0.5:
        form = mistyped(trial, form)
    if trial.dice.random() < 0.3:
        secret = urllib.parse.quote(secret, safe="", encoding="latin-1")
    return core, fill(form).replace("{p}", secret).encode("latin-1")


@dataclasses.dataclass
class Part:
    """One process: the URL that its own runner works with, those that it opens, and what it finds in its environment."""

    directory: pathlib.Path
    database: SqliteFile | PostgresSchema
    url: str
    cases: list[tuple[str, bytes]]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    meanwhile: object = contextlib.nullcontext  # what happens to it
    opens: int = len(ACCEPTED) - 1  # at least


def rows(database):
    """Every value of every table."""
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table'" if database.backend == "sqlite" else \
        f"SELECT tablename AS name FROM pg_tables WHERE schemaname = '{database.schema}'"
    for table in database.rows(tables):
        for row in database.rows(f'SELECT * FROM "{table["name"]}"'):
            yield f"rows of {table['name']}", "\0".join(map(str, row.values())).encode()


def places(part: Part, output: bytes):
    """(where, text) of all that may be read by others."""
    told = [f"environment: {name}={value}".encode() for name, value in part.environment.items()]
    for line in output.splitlines():
        if line not in told:
            yield f"{line.split(b':')[0].decode('utf-8', 'replace')} text", line
    for line in (part.directory / "log").read_bytes().splitlines():
        yield "log", line
    for path in sorted(part.directory.rglob("*")):
        yield "name of a file", os.fsencode(path)
        if path.is_file() and path.name != "log":
            yield "bytes of a file", path.read_bytes()
    yield from rows(part.database)


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


class Server:
    """A role with a password and a schema of its own, and an administrator who is in its way."""

    PAUSE_S = 0.2

    def __init__(self, trial: Trial) -> None:
        self.database = trial.database("main")
        self.role = self.database.schema
        self.core = "".join(trial.dice.choice(LETTERS) for _ in range(LENGTH))
        self.password = f"a@:/?#%&='\"{self.core} "
        self.address = urllib.parse.urlsplit(self.database.server)._replace(query="").geturl().partition("@")[2]
        self.statements: set[str] = set()
        self.meddled = 0

    def __enter__(self) -> Server:
        self.sql(f"CREATE ROLE {self.role} LOGIN PASSWORD '" + self.password.replace("'", "''") + "'")
        self.sql(f"CREATE SCHEMA {self.role} AUTHORIZATION {self.role}")
        return self

    def __exit__(self, *_) -> None:
        self.end_sessions()
        self.sql(f"REASSIGN OWNED BY {self.role} TO CURRENT_USER; DROP OWNED BY {self.role}; DROP ROLE {self.role}")

    def sql(self, text: str) -> None:
        self.database.script("", text)

    def end_sessions(self) -> None:
        self.database.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{self.role}'")

    def filled(self, form: str) -> str:
        own = urllib.parse.quote(self.password, safe="")
        return form.replace("{a}", self.address).replace("{r}", self.role).replace("{own}", own)

    @contextlib.contextmanager
    def meddling(self):
        """Sessions end, and statements meet a table that they have no right to."""
        over = threading.Event()

        def meddle() -> None:
            while not over.wait(self.PAUSE_S):
                with contextlib.suppress(DatabaseError):  # the tables are being made
                    self.meddle_once(over)
        meddler = threading.Thread(target=meddle)
        meddler.start()
        try:
            yield
        finally:
            over.set()
            meddler.join()

    def meddle_once(self, over: threading.Event) -> None:
        self.statements |= {row["query"] for row in self.database.rows(
            f"SELECT query FROM pg_stat_activity WHERE usename = '{self.role}'")}
        self.end_sessions()
        over.wait(self.PAUSE_S)
        self.sql(f"REVOKE ALL ON task_executions FROM {self.role}")
        over.wait(self.PAUSE_S / 4)
        self.sql(f"GRANT ALL ON task_executions TO {self.role}")
        self.meddled += 1

    def parts(self, trial: Trial):
        """The password in the URL; in the environment; in a file."""
        whole = self.filled("postgres://{r}:{own}@{a}?schema={r}")
        bare = self.filled("postgres://{r}@{a}?schema={r}")
        count = trial.by_scale(100, 2_000, 20_000)
        cases = [case(trial, number, [*SERVER_FORMS, *FORMS], self.filled) for number in range(count)]
        own = [(self.core, whole.encode())]
        yield Part(trial.directory / "url", self.database, whole, cases + own, meanwhile=self.meddling, opens=len(ACCEPTED))
        elsewhere = [(self.core, self.filled(form).encode()) for form in ELSEWHERE_FORMS]
        yield Part(trial.directory / "environment", self.database, bare, elsewhere, {"PGPASSWORD": self.password}, opens=len(ACCEPTED))
        file = trial.directory / "pgpass"
        file.touch(mode=0o600)
        escaped = self.password.replace("\\", "\\\\").replace(":", "\\:")
        file.write_text(f"{self.core}\n*:{self.core}\n*:*:*:{self.role}:{escaped}\n*:*:*:nobody:{self.core}\n", encoding="ascii")
        yield Part(trial.directory / "file", self.database, bare, elsewhere, {"PGPASSFILE": str(file)}, opens=len(ACCEPTED))


def failures_in(database) -> int:
    return database.one("SELECT count(*) FROM workflow_executions WHERE status = 'Failed'")


def tried(trial: Trial, part: Part) -> list[str]:
    part.directory.mkdir()
    before = failures_in(part.database) if part.environment else 0
    urls = [url for _, url in part.cases] + [url.encode() for url in ACCEPTED]
    with part.meanwhile():
        answer = subprocess.run([trial.program("secrets"), part.url, part.directory / "log"], cwd=part.directory,
                                input=b"".join(url.hex().encode() + b"\n" for url in urls),
                                env=trial.environment(**part.environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=60 + len(urls) // 5, check=False)
    if answer.returncode != 0:
        return [f"exit: {answer.returncode}: {answer.stdout[-300:]!r}"]
    opened = answer.stdout.count(b"runner: opened\n")
    failed = failures_in(part.database) - before
    counts = {"urls": len(part.cases), "opened": opened, "errors_stored": failed,
              "lines_logged": (part.directory / "log").read_bytes().count(b"\n")}
    trial.note(**{name: trial.figures.get(name, 0) + count for name, count in counts.items()})
    problems = search(part.cases, places(part, answer.stdout))
    if opened < part.opens or failed < len(part.cases) // 2:
        raise Void(f"{opened} URLs were opened and {failed} errors stored: hardly anything could have shown")
    return problems


def run(trial: Trial) -> list[str]:
    if trial.backend == "sqlite":
        database = trial.database("secrets")
        cases = [case(trial, number, FORMS, str) for number in range(trial.by_scale(1_000, 10_000, 100_000))]
        problems = tried(trial, Part(trial.directory / "url", database, database.url, cases))
        database.close()
        return problems
    with Server(trial) as server:
        problems = [problem for part in server.parts(trial) for problem in tried(trial, part)]
        trial.note(statements_seen=len(server.statements), meddled=server.meddled)
        if not server.meddled and not problems:
            raise Void("the server refused nothing while it was worked with")
        own = [(server.core, b"the role's own")]
        return problems + search(own, (("pg_stat_activity", text.encode()) for text in server.statements))
