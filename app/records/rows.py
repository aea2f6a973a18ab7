"""Rows that are only ever added: one by one, or gathered and inserted in one statement for each kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert

from app.database import Base
from app.extensions import db

type _Kind = tuple[type[Base], frozenset[str]]
"""A table and the columns that are given: one statement takes rows of one kind."""


@contextmanager
def gathering() -> Iterator[None]:
    """Insert what the block adds at its end, or when `insert_gathered` is called; within a transaction."""
    info = db.session().info
    info["gathered"] = {}
    try:
        yield
        insert_gathered()
    finally:
        del info["gathered"]


def add(model: type[Base], **values: Any) -> None:
    """Add a row. It returns nothing: a gathered row has no id yet."""
    gathered: dict[_Kind, list[dict[str, Any]]] | None = db.session().info.get("gathered")
    if gathered is None:
        db.session.add(model(**values))
    else:
        gathered.setdefault((model, frozenset(values)), []).append(values)


def insert_gathered() -> None:
    """Insert the gathered rows, so that queries see them; first the objects that they refer to."""
    gathered = db.session().info.get("gathered") or {}
    db.session.flush()
    while gathered:
        (model, _), rows = gathered.popitem()
        # The table and not its class: the ORM would look at each row again.
        db.session.execute(insert(model.__table__), rows)
