"""Where the journal lives: an SQLite file for one replica, PostgreSQL for several.

Both give the same two things: a transaction that only one writer holds at a time, and a snapshot for reading. SQL is
written once, with ``?`` for values.
"""

import sqlite3
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from webhook.journal import schema

BUSY_SECONDS = 1.0
POSTGRES_SCHEMES = ("postgresql://", "postgres://")

type Execute = Callable[..., Sequence[tuple[Any, ...]]]


class StoreError(Exception):
    """The store can't do it now; ``reason`` is one of a few words, fit for a metric's label."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Store[Connection: (sqlite3.Connection, psycopg.Connection)](ABC):
    """A database that holds a journal; each thread has a connection of its own, made anew after an error."""

    begin_transaction: tuple[str, ...]
    begin_snapshot: tuple[str, ...]
    clustered: str
    errors: type[Exception]

    def __init__(self) -> None:
        self._local = threading.local()
        self._prepare_once = threading.Lock()
        self._is_prepared = False

    def transaction(self) -> Any:
        """One writer at a time; committed to disk on leaving, rolled back on an exception. Raises StoreError."""
        return self._work(self.begin_transaction)

    def snapshot(self) -> Any:
        """One consistent view for reading. Raises StoreError."""
        return self._work(self.begin_snapshot)

    @contextmanager
    def _work(self, begin: tuple[str, ...]) -> Iterator[Execute]:
        try:
            connection = self._connection()
            for statement in begin:
                self._run(connection, statement)
            yield lambda sql, *values: self._run(connection, sql, *values)
            self._run(connection, "COMMIT")
        except self.errors as error:
            self._drop()
            raise StoreError(self._reason(error), str(error)) from error
        except BaseException:
            self._drop()
            raise

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            with self._prepare_once:
                if not self._is_prepared:
                    self._prepare(connection)
                    self._is_prepared = True
        return connection

    def _prepare(self, connection: Connection) -> None:
        for statement in (*self.begin_transaction, *schema.STATEMENTS):
            self._run(connection, statement.format(clustered=self.clustered))
        self._run(connection, schema.FIRST_STATE, uuid.uuid4().hex)
        ((version,),) = self._run(connection, "SELECT schema_version FROM journal_state")
        if version != schema.VERSION:
            raise StoreError(
                "schema", f"the journal has schema {version}, this webhook needs {schema.VERSION}"
            )
        self._run(connection, "COMMIT")

    def _drop(self) -> None:
        """Close this thread's connection: that rolls back, and the next use starts from a clean one."""
        connection: Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            with suppress(self.errors):
                connection.close()

    @abstractmethod
    def _connect(self) -> Connection: ...

    @abstractmethod
    def _run(self, connection: Connection, sql: str, *values: object) -> Sequence[tuple[Any, ...]]: ...

    @abstractmethod
    def _reason(self, error: Exception) -> str: ...


class SqliteStore(Store[sqlite3.Connection]):
    """A journal in one SQLite file, in WAL mode with ``synchronous=FULL``: a commit is on disk when it returns."""

    begin_transaction = ("BEGIN IMMEDIATE",)
    begin_snapshot = ("BEGIN",)
    clustered = "WITHOUT ROWID"
    errors = sqlite3.Error

    _REASONS = {  # noqa: RUF012 - a table, never changed
        sqlite3.SQLITE_BUSY: "locked",
        sqlite3.SQLITE_LOCKED: "locked",
        sqlite3.SQLITE_FULL: "full",
        sqlite3.SQLITE_READONLY: "read_only",
        sqlite3.SQLITE_CANTOPEN: "unreachable",
        sqlite3.SQLITE_CORRUPT: "corrupt",
        sqlite3.SQLITE_NOTADB: "corrupt",
    }

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _run(self, connection: sqlite3.Connection, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return connection.execute(sql, values).fetchall()

    def _reason(self, error: Exception) -> str:
        return self._REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "failed")


class PostgresStore(Store[psycopg.Connection]):
    """A journal in PostgreSQL, shared by several replicas.

    The advisory lock lets one append after the other, so no reader ever sees an event before an earlier one.
    """

    begin_snapshot = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
    clustered = ""
    begin_transaction = ("BEGIN", "SELECT pg_advisory_xact_lock(7020114711)")
    errors = psycopg.Error

    _OPTIONS = " ".join(
        f"-c {name}={value}"
        for name, value in {
            "synchronous_commit": "on",
            "lock_timeout": "1s",
            "statement_timeout": "5s",
            "idle_in_transaction_session_timeout": "10s",
        }.items()
    )

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=2,
            options=self._OPTIONS,
            application_name="oims-webhook",
        )

    def _run(self, connection: psycopg.Connection, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        cursor = connection.execute(sql.replace("?", "%s").encode(), values or None)
        return cursor.fetchall() if cursor.description else ()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
            return "locked"
        if isinstance(error, psycopg.errors.DiskFull):
            return "full"
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            return "read_only"
        return "unreachable" if isinstance(error, psycopg.OperationalError) else "failed"


def open_store(location: str) -> Store[Any]:
    """The store at ``location``: a postgresql:// address, or the path of an SQLite file. Connects when first used."""
    if location.startswith(POSTGRES_SCHEMES):
        return PostgresStore(location)
    return SqliteStore(Path(location))
