"""The database of a trial, seen with plain SQL: nothing of the library. Ids are text, as 8-4-4-4-12 digits."""

from __future__ import annotations

import json
import os
import pathlib
import sqlite3
import subprocess
import uuid


class DatabaseError(Exception):
    """The database refused, or is not there."""


class SqliteFile:
    """One file, read through a connection that cannot write."""

    backend = "sqlite"

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.url = f"sqlite://{path}"
        self._reader: sqlite3.Connection | None = None

    def rows(self, sql: str) -> list[dict]:
        try:
            if self._reader is None:
                # One thread at a time, not always the same.
                self._reader = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)
                self._reader.row_factory = sqlite3.Row
            return [{name: _as_text(value) for name, value in dict(row).items()} for row in self._reader.execute(sql)]
        except sqlite3.Error as error:
            raise DatabaseError(f"{error}: {sql}") from error

    def one(self, sql: str) -> object:
        return next(iter(self.rows(sql)[0].values()))

    def script(self, sqlite: str, postgres: str) -> None:
        """Runs many statements, in the dialect of the database."""
        del postgres
        connection = sqlite3.connect(self.path)
        try:
            connection.executescript(sqlite)
        except sqlite3.Error as error:
            raise DatabaseError(str(error)) from error
        finally:
            connection.close()

    def integrity(self) -> str:
        return str(self.one("PRAGMA integrity_check"))

    def can_be_written(self) -> bool:
        """False when somebody has held the write lock for a fifth of a second."""
        connection = sqlite3.connect(self.path, timeout=0.2, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return True

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def empty(self) -> None:
        """As it was before anybody opened it."""
        self.close()
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()


class PostgresSchema:
    """A schema of its own on the server of CLOACINA_TEST_POSTGRES_URL, through psql."""

    backend = "postgres"

    def __init__(self, schema: str, server: str = "", options: str = "") -> None:
        server = server or os.environ.get("CLOACINA_TEST_POSTGRES_URL", "")
        if not server:
            raise DatabaseError("CLOACINA_TEST_POSTGRES_URL is not set: ./dev test reliability starts a server and sets it")
        self.server, self.schema = server, schema
        self.url = f"{server}{'&' if '?' in server else '?'}schema={schema}&application_name={schema}{options}"
        self._psql: subprocess.Popen[str] | None = None
        self._asked = 0

    def _session(self) -> subprocess.Popen[str]:
        if self._psql is None:
            self._psql = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", self.server],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self._run(f"SET client_min_messages TO error; SET search_path TO {self.schema}")
        return self._psql

    def _run(self, sql: str) -> list[str]:
        session = self._session()
        self._asked += 1
        mark = f"-- answered {self._asked}"
        try:
            session.stdin.write(f"{sql};\n\\echo {mark}\n")
            session.stdin.flush()
        except OSError as error:
            self.close()
            raise DatabaseError(f"psql has ended: {error}") from error
        lines = []
        for line in session.stdout:
            if line.rstrip("\n") == mark:
                break
            lines.append(line.rstrip("\n"))
        else:
            self.close()
            raise DatabaseError("psql has ended: " + " ".join(lines))
        for line in lines:
            if line.startswith(("ERROR:", "FATAL:", "psql:")):
                raise DatabaseError(f"{line}: {sql}")
        return lines

    def rows(self, sql: str) -> list[dict]:
        try:
            return self._rows(sql)
        except DatabaseError:
            if self._psql is not None:  # it is still there: the statement is at fault
                raise
            return self._rows(sql)

    def _rows(self, sql: str) -> list[dict]:
        # Rows that are cut into lines would be two: JSON has no line ends of its own.
        return [json.loads(line) for line in self._run(f"SELECT row_to_json(t) FROM ({sql}) AS t")]

    def one(self, sql: str) -> object:
        return next(iter(self.rows(sql)[0].values()))

    def script(self, sqlite: str, postgres: str) -> None:
        del sqlite
        self._run(postgres)

    def integrity(self) -> str:
        return "ok"  # the server's own

    def can_be_written(self) -> bool:
        return True  # no lock is for all of it

    def close(self) -> None:
        if self._psql is not None:
            self._psql.stdin.close()
            self._psql.kill()
            self._psql.wait()
            self._psql = None

    def empty(self) -> None:
        """As it was before anybody opened it."""
        self._run(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")

    def remove(self) -> None:
        self.empty()
        self.close()


def _as_text(value: object) -> object:
    return str(uuid.UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else value
