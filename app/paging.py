"""Lists in parts, by key: no row is missed or seen twice, and the last part costs what the first does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import InvalidInput
from app.extensions import db

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
MAX_CURSOR_LENGTH = 200
MAX_ID = 2**31 - 1
MAX_NUMBER = 2**63 - 1
MAX_DIGITS = 19


@dataclass(frozen=True)
class Page[T]:
    """A part of a list, and the cursor of the part after it."""

    items: Sequence[T]
    next: str | None = None


def newest_first[T](
    statement: Select[T], key: InstrumentedAttribute[int], *, after: str | None, limit: int
) -> Page[T]:
    """Return rows by descending ``key``, those after the cursor ``after``.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    if after:
        statement = statement.where(key < number(after))
    return first(statement.order_by(key.desc()), [key], limit)


def latest_event_first[T](
    statement: Select[T],
    seq: InstrumentedAttribute[int],
    key: InstrumentedAttribute[str],
    *,
    after: str | None,
    limit: int,
) -> Page[T]:
    """Return rows by descending event of the journal; several rows may stem from one event.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    if after:
        event, _, row_id = after.partition("-")
        place: tuple[Any, ...] = (number(event), row_id)
        statement = statement.where(tuple_(seq, key) < place)
    return first(statement.order_by(seq.desc(), key.desc()), [seq, key], limit)


def first[T](statement: Select[T], keys: Sequence[InstrumentedAttribute[Any]], limit: int) -> Page[T]:
    """Return the first rows of a statement that is ordered by ``keys``; they make the cursor."""
    rows = db.session.scalars(statement.limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], "-".join(str(getattr(rows[limit - 1], key.key)) for key in keys))


def number(cursor: str) -> int:
    """Return the number in a cursor.

    Raises:
        InvalidInput: there is none.

    """
    is_number = cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_DIGITS
    if not is_number or int(cursor) > MAX_NUMBER:
        message = "This is not a cursor of this list."
        raise InvalidInput(f"cursor: {message}", [{"field": "cursor", "message": message}])
    return int(cursor)
