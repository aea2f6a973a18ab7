"""The ledger's file: one SQLite database, WAL, each commit on disk before it counts."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from automation.clock import Anchor
from automation.errors import ConfigurationError
from automation.ledger.health import foreign, migrate

FILE = "ledger.db"
REPAIRING = "ledger.db.repairing"
"""Names the damaged ledger while a new one is put in its place."""


class Ledger:
    """One connection, used by one thread at a time; every change is one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._depth = 0
        self.version = 0
        """Grows with each transaction that changed something which decisions rest on."""

    @contextmanager
    def transaction(self, *, is_aside: bool = False) -> Iterator[sqlite3.Connection]:
        """Hold the write lock; commit at the end, or roll everything back on an error.

        A transaction inside another joins it. No decision rests on what is written aside.
        """
        with self._lock:
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth, before = 1, self._connection.total_changes
            try:
                yield self._connection
                self._connection.execute("COMMIT")
                self.version += not is_aside and self._connection.total_changes != before
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def meta(self, key: str) -> str | None:
        """Return a stored value."""
        rows = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return rows[0]["value"] if rows else None

    def set_meta(self, key: str, value: object, *, is_aside: bool = False) -> None:
        """Store a value under a key; the value that is there is not written again."""
        with self.transaction(is_aside=is_aside) as connection:
            connection.execute(
                "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value WHERE value <> excluded.value",
                (key, str(value)),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def open_ledger(state_dir: Path) -> Ledger:
    """Open the ledger of a state directory for writing, making it when missing.

    Raises ConfigurationError when it is damaged or of another version.
    """
    path = state_dir / FILE
    if (state_dir / REPAIRING).exists():
        raise ConfigurationError(
            f"{path}: a repair was interrupted: run `python -m automation ledger repair` again"
        )
    with ExitStack() as stack:
        try:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            stack.callback(connection.close)
            _set_up(connection, path)
            path.chmod(0o600)
        except (sqlite3.DatabaseError, OSError) as error:
            raise ConfigurationError(damaged(path, str(error))) from None
        stack.pop_all()
    return Ledger(connection)


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    """Make a file ready to be written; raise ConfigurationError or sqlite3.DatabaseError if it cannot be."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    _refuse(connection, path)
    migrate(connection)
    connection.execute("BEGIN IMMEDIATE")  # fails here, not at the first alert, if nothing can be written
    connection.execute("ROLLBACK")


def damaged(path: Path, reason: str) -> str:
    """Say that a ledger cannot be used, why, and what to do."""
    return (
        f"{path}: the ledger cannot be used ({reason}): if the disk is full or the file may not be written, "
        "mend that; else run `python -m automation ledger check`, then `python -m automation ledger repair`"
    )


def _refuse(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ConfigurationError when a file is damaged, or is no ledger of this program."""
    if problem := foreign(connection):
        raise ConfigurationError(f"{path}: {problem}")
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise ConfigurationError(damaged(path, " ".join(found.split())))


def copy_ledger(state_dir: Path) -> Ledger:
    """Return a copy in memory of a ledger (empty when there is none): nothing done to it is kept.

    Raises ConfigurationError when the ledger is damaged.
    """
    path = state_dir / FILE
    with ExitStack() as stack:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        stack.callback(connection.close)
        if path.exists():
            try:
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
                    source.backup(connection)
                _refuse(connection, path)
            except sqlite3.DatabaseError as error:
                raise ConfigurationError(damaged(path, str(error))) from None
        migrate(connection)
        stack.pop_all()
    return Ledger(connection)


def load_anchor(ledger: Ledger) -> Anchor | None:
    """Return the stored anchor of the steady clock."""
    text = ledger.meta("clock")
    if text is None:
        return None
    boot, *numbers = text.split(" ")
    return Anchor(boot, *map(float, numbers))


def save_anchor(ledger: Ledger, anchor: Anchor) -> None:
    """Store the anchor of the steady clock."""
    value = f"{anchor.boot} {anchor.boot_seconds!r} {anchor.steady!r} {anchor.wall!r}"
    ledger.set_meta("clock", value, is_aside=True)
