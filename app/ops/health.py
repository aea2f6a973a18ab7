"""What the app needs in order to serve."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.ops import room, schema
from app.ops.schema import Schema

log = structlog.get_logger()


def checks() -> dict[str, str]:
    """Return each check's result: "ok" or a sentence that says what to do."""
    try:
        standing = schema.standing()
    except SQLAlchemyError as error:
        log.warning("database_not_ready", error=type(error).__name__)
        return {"database": "The database doesn't answer."}
    if not room.is_left(db.engine):
        log.warning("disk_full")
        return {
            "database": "ok",
            "disk": "The database's disk is full; make room, or give it a larger volume.",
        }
    if standing is Schema.OLDER:
        return {"database": "ok", "schema": "The database has an older schema; run `python -m app migrate`."}
    return {"database": "ok", "schema": "ok"}
