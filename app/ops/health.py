"""What the app needs in order to serve."""

from functools import cache

import structlog
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from app.database import MIGRATIONS
from app.extensions import db

log = structlog.get_logger()


@cache
def head_revision() -> str | None:
    """Return the newest migration this code knows."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def checks() -> dict[str, str]:
    """Return each check's result: "ok" or a sentence that says what to do."""
    try:
        revision = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError as error:
        log.warning("database_not_ready", error=type(error).__name__)
        return {"database": "The database doesn't answer."}
    if revision != head_revision():
        return {"database": "ok", "schema": "The database has another schema; run `python -m app migrate`."}
    return {"database": "ok", "schema": "ok"}
