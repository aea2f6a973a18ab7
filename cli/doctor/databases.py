"""The databases of an installation, read and never written: SQLite files and PostgreSQL addresses."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, override
from urllib.parse import quote

from cli.errors import USAGE, CommandError

JOURNAL, APP, LEDGER = "journal", "app", "ledger"
BUSY_SECONDS = 10
PAGE_ROWS = 2000
POSTGRES = ("postgresql://", "postgresql+psycopg://", "postgres://")
SQLITE = "sqlite:///"

type Row = tuple[Any, ...]


class DamagedError(Exception):
    """A database can't be read to its end; the text says what its own program said."""


class Database(ABC):
    """One database as it was at one moment. Rows are read as they are asked for, never all at once."""

    binary: str
    """What makes ORDER BY sort texts by code points, as Python does."""

    @abstractmethod
    def rows(self, sql: str, *values: object) -> Iterator[Row]:
        """Yield the rows of a query with ``?`` for values. Raises DamagedError."""

    @abstractmethod
    def problems(self) -> Iterator[str]:
        """Yield what the database itself finds wrong with its file. Raises DamagedError."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""

    def one(self, sql: str, *values: object) -> Row | None:
        """Return the first row, if there is one. Raises DamagedError."""
        return next(self.rows(sql, *values), None)


class SqliteDatabase(Database):
    """A file, or a copy of one."""

    binary = ""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        self._connection.execute("BEGIN")
        # The snapshot begins with the first read.
        self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    @override
    def rows(self, sql: str, *values: object) -> Iterator[Row]:
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise DamagedError(str(error)) from error

    @override
    def problems(self) -> Iterator[str]:
        for (word,) in self.rows("PRAGMA quick_check(5)"):
            if word != "ok":
                yield str(word)

    @override
    def close(self) -> None:
        self._connection.close()


class PostgresDatabase(Database):
    """A database on a server."""

    binary = 'COLLATE "C"'

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - the command needs it for PostgreSQL only

        self._error = psycopg.Error
        self._connection = psycopg.connect(
            url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=10
        )
        self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._connection.execute("SELECT 1")
        self._cursors = 0

    @override
    def rows(self, sql: str, *values: object) -> Iterator[Row]:
        self._cursors += 1
        try:
            with self._connection.cursor(f"doctor_{self._cursors}") as cursor:
                cursor.itersize = PAGE_ROWS
                cursor.execute(sql.replace("?", "%s").encode(), values or None)
                yield from cursor
        except self._error as error:
            raise DamagedError(type(error).__name__) from error

    @override
    def problems(self) -> Iterator[str]:
        yield from ()  # a server looks after its own files

    @override
    def close(self) -> None:
        self._connection.close()


def open_database(name: str, place: str) -> Database:
    """Open a database at a path, a sqlite:/// or a postgresql:// address.

    Raises:
        CommandError: it can't be read; the sentence names it.

    """
    if place.startswith(POSTGRES):
        return _on_a_server(name, place)
    path = Path(place.removeprefix(SQLITE))
    if not path.is_file():
        raise CommandError(f"the {name}: there is no file {path}; give its path or its address.", USAGE)
    try:
        return SqliteDatabase(path)
    except sqlite3.Error as error:
        raise CommandError(f"the {name}: {path} cannot be read: {error}.", USAGE) from None


def _on_a_server(name: str, url: str) -> Database:
    try:
        return PostgresDatabase(url)
    except ImportError:
        sentence = "PostgreSQL is read with psycopg, which this Python lacks; install psycopg[binary]."
        raise CommandError(f"the {name}: {sentence}", USAGE) from None
    except Exception as error:
        if not type(error).__module__.startswith("psycopg"):
            raise
        # Its words may hold the address and with it a password.
        raise CommandError(
            f"the {name}: PostgreSQL cannot be reached ({type(error).__name__}); check its address.", USAGE
        ) from None


@dataclass(frozen=True)
class Installation:
    """What was given of an installation."""

    databases: dict[str, Database]
    log: Path | None
    key: bytes | None
    is_at_rest: bool
    """Whether nothing may be under way: no run, no report, no episode without a decision."""

    @property
    def journal(self) -> Database:
        """The webhook's journal."""
        return self.databases[JOURNAL]

    @property
    def app(self) -> Database:
        """The app's database."""
        return self.databases[APP]

    @property
    def ledger(self) -> Database:
        """The automation's ledger."""
        return self.databases[LEDGER]

    def given(self) -> frozenset[str]:
        """Return the names of what can be looked at."""
        more = {name for name, value in (("log", self.log), ("key", self.key)) if value}
        return frozenset(self.databases) | more
