"""A file that takes in texts at once and gives them out in order: SQLite with a single table.

Texts that threads hand in at the same time go to disk together: who comes first commits for all who wait.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

from contract import limits

BUSY_MS = 1_000
PRIVATE = 0o600
"""The file's mode, which SQLite gives to those beside it."""

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS texts (number INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL);
INSERT OR IGNORE INTO identity VALUES (1, '{id}');
COMMIT;
"""


class _Job:
    """A text that waits for its commit."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_done = False
        self.error: sqlite3.Error | None = None


class Spool:
    """One file. Its numbers only grow, so whoever reads needs to remember the last one alone."""

    def __init__(self, path: Path) -> None:
        """Open the file; a missing one is made. Raises sqlite3.Error."""
        with suppress(OSError):  # SQLite tells what is wrong
            path.touch(PRIVATE)
        self._connection = sqlite3.connect(
            path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", f"busy_timeout={BUSY_MS}"):
            self._connection.execute(f"PRAGMA {pragma}")
        (page,) = self._connection.execute("PRAGMA page_size").fetchone()
        self._connection.execute(f"PRAGMA max_page_count={limits.WAITING_PINGS_BYTES // page}")
        self._connection.executescript(SCHEMA.format(id=uuid4()))
        (self.identity,) = self._connection.execute("SELECT id FROM identity").fetchone()
        self._file = _file(path)
        self._using = Lock()
        self._listing = Lock()
        self._jobs: list[_Job] = []

    def append(self, text: str) -> None:
        """Add a text; it is on disk when this returns.

        Raises sqlite3.Error: it is not kept. So when the file has its greatest size.
        """
        job = _Job(text)
        with self._listing:
            self._jobs.append(job)
        with self._using:
            if not job.is_done:
                self._commit_all()
        if job.error is not None:
            raise job.error

    def read(self, after: int, limit: int) -> Sequence[tuple[int, str]]:
        """Return the oldest texts behind a number, each with its own. Raises sqlite3.Error."""
        query = "SELECT number, content FROM texts WHERE number > ? ORDER BY number LIMIT ?"
        with self._using:
            return self._connection.execute(query, (after, limit)).fetchall()

    def drop(self, last: int) -> None:
        """Delete the texts up to a number. Raises sqlite3.Error."""
        with self._using:
            self._connection.execute("DELETE FROM texts WHERE number <= ?", (last,))

    def is_at(self, path: Path) -> bool:
        """Say whether this file is still the one of a path: it may have been removed, or put back."""
        return self._file is not None and _file(path) == self._file

    def close(self) -> None:
        """Close the file."""
        with self._using:
            self._connection.close()

    def _commit_all(self) -> None:
        with self._listing:
            jobs, self._jobs = self._jobs, []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO texts (content) VALUES (?)", [(job.text,) for job in jobs]
            )
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.error = error
        for job in jobs:
            job.is_done = True


def _file(path: Path) -> tuple[int, int] | None:
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino
