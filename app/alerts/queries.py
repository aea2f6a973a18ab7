"""Reading what was taken from the journal."""

from sqlalchemy import select

from app import paging
from app.records.alerts import AlertEvent


def page(
    *,
    incident_id: int | None = None,
    fingerprint: str = "",
    episode: str = "",
    status: str | None = None,
    after: str | None = None,
    limit: int = paging.PAGE_SIZE,
) -> paging.Page[AlertEvent]:
    """Return events, newest first, that come after the cursor ``after``.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    wanted = {
        AlertEvent.incident_id: incident_id,
        AlertEvent.fingerprint: fingerprint,
        AlertEvent.episode: episode,
        AlertEvent.status: status,
    }
    statement = select(AlertEvent).where(*(column == value for column, value in wanted.items() if value))
    return paging.latest_event_first(statement, AlertEvent.seq, AlertEvent.id, after=after, limit=limit)
