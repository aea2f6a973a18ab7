"""Reading heartbeats and their pings."""

from collections.abc import Sequence

from sqlalchemy import func, select

from app.errors import NotFound
from app.extensions import db
from app.paging import MAX_ID
from app.records.heartbeats import KEPT_PINGS, Beat, Heartbeat, HeartbeatPing


def get(heartbeat_id: int, *, is_locked: bool = False) -> Heartbeat:
    """Return one heartbeat, locked until the commit if wanted.

    Raises:
        NotFound: there is none with this id.

    """
    found = find(heartbeat_id, is_locked=is_locked)
    if found is None:
        raise NotFound(f"There is no heartbeat {heartbeat_id}.")
    return found


def find(heartbeat_id: int, *, is_locked: bool = False) -> Heartbeat | None:
    """Return one heartbeat, or nothing."""
    if heartbeat_id > MAX_ID:
        return None
    statement = select(Heartbeat).where(Heartbeat.id == heartbeat_id)
    if is_locked:
        statement = statement.with_for_update()
    return db.session.scalar(statement, execution_options={"populate_existing": is_locked})


def everything() -> Sequence[Heartbeat]:
    """Return all heartbeats by name; there are at most limits.HEARTBEATS."""
    return db.session.scalars(select(Heartbeat).order_by(func.lower(Heartbeat.name), Heartbeat.id)).all()


def counts() -> dict[Beat, int]:
    """Return how many heartbeats there are per state."""
    rows = db.session.execute(select(Heartbeat.state, func.count()).group_by(Heartbeat.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows are no tuples to the type checker


def pings(heartbeat_id: int) -> Sequence[HeartbeatPing]:
    """Return the pings that are kept, newest first."""
    statement = select(HeartbeatPing).where(HeartbeatPing.heartbeat_id == heartbeat_id)
    return db.session.scalars(statement.order_by(HeartbeatPing.number.desc()).limit(KEPT_PINGS)).all()
