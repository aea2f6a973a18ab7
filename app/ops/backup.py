"""The SQLite database as one file, out and in, while the app is at work. PostgreSQL has tools of its own."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from app.database import turn
from app.errors import OimsError
from app.extensions import db


def write(target: BinaryIO) -> None:
    """Write a consistent copy of the database; others may read and write meanwhile.

    Raises OimsError when the database is no file.
    """
    with _scratch() as copy:
        with closing(_open(_database())) as source:
            source.execute("VACUUM INTO ?", (str(copy),))
        with copy.open("rb") as file:
            shutil.copyfileobj(file, target)


def read(source: BinaryIO) -> None:
    """Put a copy in the place of all that the database holds, at once or not at all.

    Who reads meanwhile sees the old or the new state. The copy may have an older schema: migrate afterwards.
    Raises OimsError when the copy is no whole database of this app, and then changes nothing.
    """
    database = _database()
    with _scratch() as copy:
        with copy.open("wb") as file:
            shutil.copyfileobj(source, file)
        db.session.remove()
        with closing(_open(copy)) as found, closing(_open(database)) as live:
            _check(found)
            with turn(db.engine):
                found.backup(live)


def _database() -> Path:
    url = db.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        raise OimsError("The database is PostgreSQL: use pg_dump and pg_restore.")
    return Path(url.database)


def _open(file: Path) -> sqlite3.Connection:
    """Open a file that is there; sqlite3 alone would make a missing one."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)


def _check(copy: sqlite3.Connection) -> None:
    try:
        (word,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        versions = copy.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.DatabaseError as error:
        raise OimsError(f"That is no backup of this app ({error}). Nothing was changed.") from None
    if word != "ok" or not versions:
        raise OimsError(f"The backup is damaged ({word}). Nothing was changed.")


@contextmanager
def _scratch() -> Iterator[Path]:
    with TemporaryDirectory(prefix="oims-backup-") as folder:
        yield Path(folder) / "site.db"
