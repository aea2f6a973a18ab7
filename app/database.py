"""The declarative base, UTC columns, and write transactions that behave the same on SQLite and PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, String, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from app import turns
from app.extensions import db
from contract import postgres

BUSY_TIMEOUT_MS = 5_000
"""How long SQLite's write lock is waited for, and the turn before that."""
POOL_TIMEOUT_S = 5
"""How long a request waits for a connection that others hold."""
REQUEST_TURN_S = 1.4
REQUEST_BUSY_TIMEOUT_MS = 500
"""A request that waits longer for its turn, or then for somebody who takes none, is answered 503, within two
seconds."""
HELD_S = 0.1
"""How long a transaction that takes in many things may last: on SQLite nobody else writes meanwhile."""
MIGRATIONS = Path(__file__).parent / "migrations"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on every database; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, store UTC. Raises ValueError for a naive one."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC, adding the zone where the database dropped it."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText[E: StrEnum](TypeDecorator[E]):
    """A StrEnum kept as its text, so that a new member needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[E], length: int = 32) -> None:
        super().__init__(length)
        self.enum = enum

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """Store the member's value; refuse a text that is no member."""
        del dialect
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """Return the member."""
        del dialect
        return None if value is None else self.enum(value)


class Base(DeclarativeBase):
    """The base of every model; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        dict[str, str]: JSON(),
        list[dict[str, Any]]: JSON(),
        list[str]: JSON(),
    }


@contextmanager
def transaction(*, is_read_again: bool = True) -> Iterator[None]:
    """Run the block in one write transaction; commit at the end, roll back on any error.

    Joins the transaction of a surrounding block, so that use cases compose and the outermost one commits.
    On SQLite writers take turns, and the write lock is taken at the start (BEGIN IMMEDIATE): a read that is
    upgraded to a write later would fail at once with SQLITE_BUSY, whatever busy_timeout says. What the
    session had read before is thrown away, so that decisions rest on rows read under the lock.

    After the commit a row is read anew when it is used, since others may have changed it, unless
    ``is_read_again`` is false: then it stays what was committed.

    Raises RuntimeError when rows were changed before it.
    """
    session = db.session()
    if session.info.get("writing"):
        yield
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside of transaction()")
    session.rollback()
    session.info["writing"] = True
    try:
        with turn(db.engine), _rolled_back_on_error():
            session.connection(execution_options={"sqlite_begin": "BEGIN IMMEDIATE"})
            yield
            session.expire_on_commit = is_read_again
            session.commit()
    finally:
        session.expire_on_commit = True
        session.info["writing"] = False


@contextmanager
def _rolled_back_on_error() -> Iterator[None]:
    try:
        yield
    except BaseException:
        db.session.rollback()
        raise


@contextmanager
def turn(engine: Engine) -> Iterator[None]:
    """Run the block when it is this writer's turn; PostgreSQL has many writers at once.

    Raises:
        OperationalError: others wrote for as long as this writer could wait.

    """
    patience_s = engine.get_execution_options().get("turn_s")
    if patience_s is None:
        yield
        return
    try:
        with turns.turn(Path(engine.url.database or ""), patience_s):
            yield
    except turns.Overdue:
        reason = sqlite3.OperationalError("others write")
        raise OperationalError("BEGIN IMMEDIATE", None, reason) from None


@contextmanager
def reading_once() -> Iterator[None]:
    """Let `once` read each thing only once in the block, which must lie within one transaction."""
    info = db.session().info
    info["once"] = {}
    try:
        yield
    finally:
        del info["once"]


def once[T](name: str, read: Callable[[], T]) -> T:
    """Return what ``read`` returns, or within `reading_once` what it returned first under this name."""
    found: dict[str, T] | None = db.session().info.get("once")
    if found is None:
        return read()
    if name not in found:
        found[name] = read()
    return found[name]


def remember(name: str, value: object) -> None:
    """Let `once` return this from now on; outside of `reading_once` nothing is kept in mind."""
    found: dict[str, Any] | None = db.session().info.get("once")
    if found is not None:
        found[name] = value


def is_reading_once() -> bool:
    """Say whether the present block is one of `reading_once`."""
    return "once" in db.session().info


def engine_options(url: str) -> dict[str, Any]:
    """Return SQLAlchemy's settings. The values of a statement are people's words: no log gets them."""
    options: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("postgresql"):
        given = make_url(url).query
        network = {name: value for name, value in postgres.NETWORK.items() if name not in given}
        options |= {"pool_pre_ping": True, "pool_timeout": POOL_TIMEOUT_S, "connect_args": network}
    return options


def take_time(connection: Connection) -> None:
    """Let statements of this connection take as long as they need: a migration may."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET statement_timeout = 0")
        driver = connection.connection.driver_connection
        if isinstance(driver, postgres.Connection):
            driver.patience = None


@contextmanager
def only_if(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - reads as words: with only_if(…)
    """Do the block's writes in any case, and take them back unless they are wanted; inside a transaction.

    For answers whose time must not tell which of the two it was.
    """
    savepoint = db.session.begin_nested()
    yield
    db.session.flush()
    if wanted:
        savepoint.commit()
    else:
        savepoint.rollback()


def prepare(engine: Engine) -> None:
    """Bound what a connection waits for, and give those of SQLite what they need."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    else:
        _prepare_postgres(engine)


def _prepare_postgres(engine: Engine) -> None:
    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Dialect, _entry: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
    ) -> postgres.Connection:
        return postgres.Connection.connect(*arguments, **options)

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET statement_timeout = '{postgres.STATEMENT_S}s'")
        cursor.close()
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def hide_values(context: ExceptionContext) -> None:
        """Keep the first line of what the server says: the next ones quote the row that it refused."""
        for error in filter(None, (context.original_exception, context.sqlalchemy_exception)):
            error.args = (str(error.args[0] if error.args else "").partition("\n")[0],)


def _prepare_sqlite(engine: Engine) -> None:
    """Give every connection WAL, durable commits, foreign keys and explicit BEGINs.

    ``synchronous=FULL``: a report that was answered with 2xx is deleted by its sender, so it must survive
    a power cut.
    """
    Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine.update_execution_options(turn_s=BUSY_TIMEOUT_MS / 1000)

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def answer_in_time(engine: Engine) -> None:
    """Let who writes to SQLite from now on wait only as long as a request may."""
    if engine.dialect.name != "sqlite":
        return
    engine.update_execution_options(turn_s=REQUEST_TURN_S)

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={REQUEST_BUSY_TIMEOUT_MS}")
        cursor.close()
