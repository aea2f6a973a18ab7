"""Alembic's entry: migrates the app's database, one process at a time."""

from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy import text

from app.database import EnumText, UtcDateTime, take_time
from app.extensions import db
from app.records import tables

POSTGRES_LOCK = 6_479_100
"""Any fixed number: the advisory lock that makes a second migrating process wait."""
WAIT_MS = 600_000
"""How long SQLite lets a second migrating process wait for the first; PostgreSQL lets it wait by itself."""


def plain_types(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write our column types as the plain ones under them: old migrations must not need new code."""
    if kind == "type" and isinstance(item, EnumText):
        return repr(item.impl_instance).replace("String", "sa.String")
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate over the app's own engine."""
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            driver = connection.connection.cursor()  # through SQLAlchemy it would begin to wait at once
            driver.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
            driver.close()
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        context.configure(
            connection=connection,
            target_metadata=tables.metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            render_item=plain_types,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            take_time(connection)
            if not is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": POSTGRES_LOCK})
            current_app.logger.info("migrating", extra={"dialect": connection.dialect.name})
            context.run_migrations()


run()
