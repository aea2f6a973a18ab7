"""Pings that were answered and have not taken effect: kept where nobody else's writing holds them up.

PostgreSQL has many writers, so they wait in a table. On SQLite a ping would wait for whoever writes, so they
have a file of their own beside the database. Either way a ping is on disk before it is answered, and takes
effect once: what was taken is marked in the transaction of its effects.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import structlog
from flask import Flask, current_app
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.extensions import db
from app.heartbeats.spool import Spool
from app.records.heartbeats import HeartbeatWatch, PingArrival, PingKind

log = structlog.get_logger()

BATCH = 100
"""Pings that take effect in one transaction."""
SUFFIX = "-pings"


class Arrival(BaseModel):
    """A ping as it came."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    heartbeat_id: int
    at: AwareDatetime
    kind: PingKind
    exit_status: int | None = None
    run: str | None = None
    body: str = ""
    """Without secrets: it is on disk before it takes effect."""
    is_cut: bool = False
    address: str | None = None
    agent: str = ""
    created_at: AwareDatetime | None = None
    """The heartbeat's: SQLite gives the id of one that was deleted to the next."""


class Mark(NamedTuple):
    """Up to where the file was read, as the watch's row has it."""

    spool: str
    taken: int


class Arrivals(Protocol):
    """Where pings wait. Methods raise sqlite3.Error or SQLAlchemyError: nothing can be kept or read."""

    def add(self, arrival: Arrival) -> None:
        """Keep a ping; it is on disk when this returns."""

    def is_empty(self, place: HeartbeatWatch) -> bool:
        """Say whether nothing waits."""

    def take(self, place: HeartbeatWatch) -> Sequence[Arrival]:
        """Return the oldest ones, and mark in the running transaction that they were taken."""

    def forget(self, mark: Mark) -> None:
        """Throw away what was taken, after the commit."""

    def close(self) -> None:
        """Let go of files."""


class InTable:
    """They wait in a table, which the transaction of their effects empties."""

    def add(self, arrival: Arrival) -> None:
        """Keep a ping."""
        with db.engine.begin() as connection:
            connection.execute(insert(PingArrival).values(arrival.model_dump(exclude={"created_at"})))

    def is_empty(self, place: HeartbeatWatch) -> bool:
        """Say whether nothing waits."""
        del place
        return db.session.scalar(select(PingArrival.id).limit(1)) is None

    def take(self, place: HeartbeatWatch) -> Sequence[Arrival]:
        """Return the oldest ones and delete them."""
        del place
        rows = db.session.scalars(select(PingArrival).order_by(PingArrival.id).limit(BATCH)).all()
        taken = [Arrival.model_validate(row) for row in rows]
        db.session.execute(delete(PingArrival).where(PingArrival.id.in_([row.id for row in rows])))
        return taken

    def forget(self, mark: Mark) -> None:
        """Do nothing: they went with the commit."""

    def close(self) -> None:
        """Do nothing: the engine has the connections."""


class InFile:
    """They wait in a file; the watch's row says up to where it was read."""

    def __init__(self, path: Path) -> None:
        """Take the file's path; it is opened when it is needed first."""
        self._path = path
        self._opening = Lock()
        self._opened: Spool | None = None

    @property
    def _spool(self) -> Spool:
        with self._opening:
            if self._opened is not None and not self._opened.is_at(self._path):
                log.warning("pings_file_replaced", path=str(self._path))
                self._opened.close()
                self._opened = None
            if self._opened is None:
                self._opened = Spool(self._path)
            return self._opened

    def add(self, arrival: Arrival) -> None:
        """Keep a ping."""
        self._spool.append(arrival.model_dump_json())

    def is_empty(self, place: HeartbeatWatch) -> bool:
        """Say whether nothing waits."""
        return not self._spool.read(self._taken(place), 1)

    def take(self, place: HeartbeatWatch) -> Sequence[Arrival]:
        """Return the oldest ones; a new file is read from its beginning."""
        rows = self._spool.read(self._taken(place), BATCH)
        if rows:
            place.spool, place.taken = self._spool.identity, rows[-1][0]
        return [arrival for number, text in rows if (arrival := _read(number, text)) is not None]

    def forget(self, mark: Mark) -> None:
        """Delete them from the file."""
        self._spool.drop(self._taken(mark))

    def close(self) -> None:
        """Close the file."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _taken(self, place: HeartbeatWatch | Mark) -> int:
        return place.taken if place.spool == self._spool.identity else 0


def _read(number: int, text: str) -> Arrival | None:
    """Return a ping of the file; one that is damaged or of a newer version must not hold up the others."""
    try:
        return Arrival.model_validate_json(text)
    except ValidationError:
        log.warning("ping_unreadable", number=number)
        return None


def init_app(app: Flask) -> None:
    """Choose where pings wait, by the database."""
    with app.app_context():
        url = db.engine.url
    is_file = url.get_backend_name() == "sqlite"
    app.extensions["ping_arrivals"] = InFile(Path(f"{url.database}{SUFFIX}")) if is_file else InTable()


def here() -> Arrivals:
    """Return where the pings of this installation wait."""
    arrivals: Arrivals = current_app.extensions["ping_arrivals"]
    return arrivals


def begin_to_listen() -> None:
    """Note that this process begins to take in pings: before, some may have been turned away."""
    try:
        here().add(Arrival(heartbeat_id=0, at=now(), kind=PingKind.LISTENING))
    except (SQLAlchemyError, sqlite3.Error) as error:
        log.warning("listening_not_noted", error=type(error).__name__)
