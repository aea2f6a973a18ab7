"""What the app asks its database."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy

from app.extensions import db


@contextmanager
def seen() -> Iterator[list[str]]:
    """Note the statements of the block, but for the beginning of transactions."""
    found: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    sqlalchemy.event.listen(db.engine, "before_cursor_execute", see)
    try:
        yield found
    finally:
        sqlalchemy.event.remove(db.engine, "before_cursor_execute", see)
