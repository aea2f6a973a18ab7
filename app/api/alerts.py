"""What was taken from the journal."""

from app.alerts import queries
from app.api.operations import operation
from app.api.schemas.alerts import AlertOut, AlertQuery
from app.api.schemas.base import ListOf
from app.records.accounts import Scope


@operation("GET", "/alerts", scope=Scope.READ, query=AlertQuery, answers=ListOf[AlertOut])
def list_alerts(*, query: AlertQuery) -> ListOf[AlertOut]:
    """List the journal's events that took effect, newest first."""
    page = queries.page(
        incident_id=query.incident,
        fingerprint=query.fingerprint,
        episode=query.episode,
        status=query.status,
        after=query.cursor,
        limit=query.limit,
    )
    return ListOf[AlertOut](items=[AlertOut.model_validate(row) for row in page.items], next=page.next)
