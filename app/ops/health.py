"""What the app needs in order to serve."""

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from app.database import transaction
from app.extensions import db
from app.ops import room, schema
from app.ops.schema import Schema
from contract.readiness import Asker

log = structlog.get_logger()


SILENT = {"database": "The database doesn't answer."}


def init_app(app: Flask) -> None:
    """Make who asks the database, in a context of its own."""

    def question() -> dict[str, str]:
        with app.app_context():
            try:
                return _checks()
            finally:
                db.session.remove()

    app.extensions["readiness"] = Asker(question)


def checks() -> dict[str, str]:
    """Return each check's result, within two seconds: "ok" or a sentence that says what to do."""
    asker: Asker[dict[str, str]] = current_app.extensions["readiness"]
    try:
        return asker.ask()
    except TimeoutError:
        log.warning("database_not_ready", error="silent")
        return SILENT


def _checks() -> dict[str, str]:
    try:
        found = schema.compare()
        with transaction():
            pass  # it can be written
    except SQLAlchemyError as error:
        log.warning("database_not_ready", error=type(error).__name__)
        return SILENT
    if not room.is_left(db.engine):
        log.warning("disk_full")
        return {
            "database": "ok",
            "disk": "The database's disk is full; make room, or give it a larger volume.",
        }
    if found is Schema.OLDER:
        return {"database": "ok", "schema": "The database has an older schema; run `python -m app migrate`."}
    return {"database": "ok", "schema": "ok"}
