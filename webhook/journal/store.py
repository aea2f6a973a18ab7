"""Where the journal lives: an SQLite file for one replica, PostgreSQL for several.

Both give the same two things: a transaction that only one writer holds at a time, and a snapshot for reading.
SQL is written once, with ``?`` for values.
"""

import shutil
import sqlite3
import threading
import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from contract import postgres
from webhook.journal import schema

BUSY_SECONDS = 1.0
PAGE_BYTES = 4096
# How far the write-ahead log may grow between checkpoints: SQLite's default, which is filled at each start in
# a few hundredths of a second. Four times as much brings commits nothing that can be measured.
ROOM_PAGES = 1000
ROOM_BYTES = ROOM_PAGES * PAGE_BYTES
CACHE_KIBIBYTES = 16_000
SPARE_ROOMS = 16
POSTGRES_SCHEMES = ("postgresql://", "postgres://")

type Execute = Callable[..., Sequence[tuple[Any, ...]]]


class StoreError(Exception):
    """The store can't do it now; ``reason`` is one of a few words, fit for a metric's label."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Store[Connection: (sqlite3.Connection, psycopg.Connection)](ABC):
    """A database that holds a journal; a connection that has failed is replaced by a new one."""

    begin_transaction: tuple[str, ...]
    begin_snapshot: tuple[str, ...]
    dialect: dict[str, str]
    errors: type[Exception]
    folder: Path | None = None
    """Whose volume must have room, where the journal is a file."""

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()
        self._prepare_once = threading.Lock()
        self._is_prepared = False

    def transaction(self) -> AbstractContextManager[Execute]:
        """Let one writer at a time work; commit to disk on leaving, roll back on an exception.

        Raises StoreError.
        """
        return self._work(self.begin_transaction)

    def snapshot(self) -> AbstractContextManager[Execute]:
        """Read from one consistent view. Raises StoreError."""
        return self._work(self.begin_snapshot)

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _work(self, begin: tuple[str, ...]) -> Iterator[Execute]:
        connection: Connection | None = None
        try:
            connection = self._take()
            run = partial(self._run, connection)
            for statement in begin:
                run(statement)
            yield run
            run("COMMIT")
        except BaseException as error:
            if connection is not None:
                self._drop(connection)
            if isinstance(error, self.errors):
                self.close()  # the idle ones have probably lost the same database
                raise StoreError(self._reason(error), str(error)) from error
            raise
        self._idle.append(connection)

    def _take(self) -> Connection:
        with suppress(IndexError):
            return self._idle.pop()
        if self._is_prepared:
            return self._connect()
        # Also connecting: a new SQLite file refuses all but the one that switches it to its write-ahead log.
        with self._prepare_once:
            return self._connect() if self._is_prepared else self._connect_first()

    def _connect_first(self) -> Connection:
        connection = self._connect()
        try:
            self._prepare(connection)
        except BaseException:
            self._drop(connection)
            raise
        self._is_prepared = True
        return connection

    def _prepare(self, connection: Connection) -> None:
        """Make the tables if they are not there."""
        for statement in (*self.begin_transaction, *schema.STATEMENTS):
            self._run(connection, statement.format(**self.dialect))
        self._run(connection, schema.FIRST_STATE, uuid.uuid4().hex)
        ((version,),) = self._run(connection, "SELECT schema_version FROM journal_state")
        if version != schema.VERSION:
            raise StoreError(
                "schema", f"the journal has schema {version}, this webhook needs {schema.VERSION}"
            )
        self._run(connection, "COMMIT")

    def _drop(self, connection: Connection) -> None:
        """Close a connection: that rolls back what it was doing."""
        with suppress(self.errors):
            connection.close()

    @abstractmethod
    def _connect(self) -> Connection: ...

    @abstractmethod
    def _run(self, connection: Connection, sql: str, *values: object) -> Sequence[tuple[Any, ...]]: ...

    @abstractmethod
    def _reason(self, error: Exception) -> str: ...


class SqliteStore(Store[sqlite3.Connection]):
    """A journal in one SQLite file; with ``synchronous=FULL`` a commit is on disk when it returns."""

    begin_transaction = ("BEGIN IMMEDIATE",)
    begin_snapshot = ("BEGIN",)
    # Each spares a B-tree, and so a page to write per event.
    dialect = {"number": "INTEGER", "clustered": "WITHOUT ROWID"}  # noqa: RUF012 - a table, never changed
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
        self.folder = path.parent

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint={ROOM_PAGES}")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        super()._prepare(connection)
        self._make_room(connection)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Grow the write-ahead log at once to the size it would reach before its first checkpoint.

        A commit that makes a file longer waits for the file system's own journal, and with it for what others
        write to the disk; one that overwrites does not.
        """
        if shutil.disk_usage(self._path.parent).free < SPARE_ROOMS * ROOM_BYTES:
            return
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, isolation_level=None)) as filler:
            # These commits change nothing, so nothing is lost if they don't reach the disk.
            filler.execute("PRAGMA synchronous=OFF")
            filler.execute("PRAGMA wal_autocheckpoint=0")
            for _ in range(ROOM_PAGES):
                for statement in ("BEGIN IMMEDIATE", *schema.REWRITE, "COMMIT"):
                    filler.execute(statement)
        with suppress(sqlite3.Error):
            connection.execute("PRAGMA wal_checkpoint")

    def _run(self, connection: sqlite3.Connection, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return connection.execute(sql, values).fetchall()

    def _reason(self, error: Exception) -> str:
        return self._REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, "failed")


class PostgresStore(Store[psycopg.Connection]):
    """A journal in PostgreSQL, shared by several replicas.

    The advisory lock lets one append after the other, so no reader ever sees an event before an earlier one.
    """

    begin_snapshot = ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",)
    dialect = {"number": "BIGINT", "clustered": ""}  # noqa: RUF012 - a table, never changed
    begin_transaction = ("BEGIN", "SELECT pg_advisory_xact_lock(7020114711)")
    errors = psycopg.Error

    _SETTINGS = (
        "SELECT set_config('synchronous_commit', 'on', false), set_config('lock_timeout', '1s', false),"
        " set_config('statement_timeout', '5s', false),"
        " set_config('idle_in_transaction_session_timeout', '10s', false)"
    )

    def __init__(self, url: Callable[[], str]) -> None:
        super().__init__()
        self._url = url

    def _connect(self) -> psycopg.Connection:
        ours = {**postgres.NETWORK, "application_name": "oims-webhook"}
        address = make_conninfo("", **(ours | conninfo_to_dict(self._url())))
        connection = postgres.Connection.connect(address, autocommit=True)
        self._run(connection, self._SETTINGS)
        return connection

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


def open_store(location: str, current: Callable[[], str] | None = None) -> Store[Any]:
    """Open the store at a postgresql:// address or a path; it connects when first used.

    ``current`` is asked for the address before each connection, if it is given: a password may have changed.
    """
    if location.startswith(POSTGRES_SCHEMES):
        return PostgresStore(current or (lambda: location))
    return SqliteStore(Path(location))
