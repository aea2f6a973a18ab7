"""Which schema the database has, compared with the one this code was written for.

Migrations only ever add, so older code runs on a newer schema: the code can be rolled back.
"""

from enum import StrEnum
from functools import cache

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.database import MIGRATIONS
from app.extensions import db


class Schema(StrEnum):
    """The database's schema as this code sees it."""

    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@cache
def _known() -> tuple[str | None, frozenset[str]]:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


def compare() -> Schema:
    """Compare the database's revision with this code's; an unknown one was made by newer code.

    Raises SQLAlchemyError when the database doesn't answer.
    """
    head, known = _known()
    revision = MigrationContext.configure(db.session.connection()).get_current_revision()
    if revision == head:
        return Schema.CURRENT
    return Schema.OLDER if revision is None or revision in known else Schema.NEWER
