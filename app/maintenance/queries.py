"""Reading maintenance windows."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from app.clock import now
from app.database import once
from app.errors import NotFound
from app.extensions import db
from app.paging import MAX_ID, PAGE_SIZE, Page, newest_first
from app.records.maintenance import MaintenanceWindow


class Hold(NamedTuple):
    """A window that holds now, and until when."""

    window: MaintenanceWindow
    until: datetime


def get(window_id: int, *, is_locked: bool = False) -> MaintenanceWindow:
    """Return one window; locked until the end of the transaction where it is to be changed.

    Raises:
        NotFound: there is none with this id.

    """
    found = None
    if window_id <= MAX_ID:
        found = db.session.get(MaintenanceWindow, window_id, with_for_update=is_locked or None)
    if found is None:
        raise NotFound(f"There is no maintenance window {window_id}.")
    return found


def unended(at: datetime | None = None) -> Sequence[MaintenanceWindow]:
    """Return the windows that hold now or will hold, the one that starts next first."""
    moment = at or now()
    rows = db.session.scalars(select(MaintenanceWindow).where(MaintenanceWindow.until > moment))
    coming = [(found.starts_at, row.id, row) for row in rows if (found := row.next(moment)) is not None]
    return [row for _, _, row in sorted(coming)]


def past(*, after: str | None = None, limit: int = PAGE_SIZE) -> Page[MaintenanceWindow]:
    """Return the windows that are over, newest first.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(MaintenanceWindow).where(MaintenanceWindow.until <= now())
    return newest_first(statement, MaintenanceWindow.id, after=after, limit=limit)


def page(*, after: str | None = None, limit: int = PAGE_SIZE) -> Page[MaintenanceWindow]:
    """Return all windows, newest first.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    return newest_first(select(MaintenanceWindow), MaintenanceWindow.id, after=after, limit=limit)


def _begun() -> Sequence[MaintenanceWindow]:
    moment = now()
    return db.session.scalars(
        select(MaintenanceWindow).where(
            MaintenanceWindow.until > moment, MaintenanceWindow.starts_at <= moment
        )
    ).all()


def holding(labels: dict[str, str]) -> Hold | None:
    """Return what holds back an alert with these labels now; of several windows the one that ends last."""
    moment = now()
    holds = [
        Hold(window, stretch.ends_at)
        for window in once("maintenance", _begun)
        if window.fits(labels) and (stretch := window.occurrence(moment)) is not None
    ]
    return max(holds, key=lambda hold: (hold.until, hold.window.id), default=None)
