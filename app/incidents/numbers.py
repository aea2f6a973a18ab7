"""Numbers of new incidents, where many are opened at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from app.clock import now
from app.extensions import db
from app.records.incidents import Incident
from app.records.lifecycle import State


def reserve(count: int) -> Sequence[int]:
    """Return ids for new incidents, in order; needs a transaction() that adds all of them under these ids.

    On PostgreSQL ids that are not used leave a gap.
    """
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        last = connection.scalar(select(func.max(Incident.id))) or 0
        return range(last + 1, last + 1 + count)
    sequence = func.pg_get_serial_sequence(Incident.__tablename__, Incident.id.name)
    each = func.generate_series(1, count).table_valued("number")
    return sorted(connection.scalars(select(func.nextval(sequence)).select_from(each)))


def as_stored(number: int) -> dict[str, Any]:
    """Return what storing a new incident would fill in, for one that is used before it is stored."""
    moment = now()
    empty = {"summary": "", "cause": "", "tags": {}, "has_chain": False}
    return empty | {
        "id": number,
        "state": State.OPEN,
        "version": 1,
        "opened_at": moment,
        "updated_at": moment,
    }
