"""Many incidents at once: one page tells of them, and nobody is paged more often than they can bear."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import func, or_, select

from app.extensions import db
from app.records.escalations import Chain, Escalation, EscalationState, Page
from app.records.incidents import Incident
from app.severities import Severity

HOUR = timedelta(hours=1)
JOIN_WITHIN = timedelta(minutes=5)
"""For so long after its first page, further incidents of the same chain join an escalation."""

_RANK = {severity: place for place, severity in enumerate(Severity)}


def leader_of(escalation: Escalation, incident: Incident, moment: datetime) -> Escalation | None:
    """Return the escalation whose page tells of this one as well: same chain, as bad or worse, just paged.

    The chain's row is locked until the commit, so that of two workers only one finds nobody to join.
    """
    if escalation.chain_id is None:
        return None
    db.session.execute(select(Chain.id).where(Chain.id == escalation.chain_id).with_for_update())
    worse = [severity for severity in Severity if _RANK[severity] <= _RANK[incident.severity]]
    statement = (
        select(Escalation)
        .join(Incident, Incident.id == Escalation.incident_id)
        .where(
            Escalation.chain_id == escalation.chain_id,
            Escalation.state == EscalationState.PAGING,
            Escalation.paged_at > moment - JOIN_WITHIN,
            Escalation.id != escalation.id,
            Incident.severity.in_(worse),
        )
        .order_by(Escalation.paged_at.desc(), Escalation.id.desc())
        .limit(1)
        .with_for_update(of=Escalation, read=True)
    )
    return db.session.scalar(statement)


def more(escalation: Escalation, moment: datetime) -> int:
    """Return how many further incidents a page tells of: those that joined it, and those about to."""
    about_to = (
        (Escalation.chain_id == escalation.chain_id)
        & (Escalation.state == EscalationState.WAITING)
        & (Escalation.due_at <= moment)
        & (Escalation.paged_at.is_(None))
    )
    joined = (Escalation.joined_to == escalation.id) & (Escalation.state == EscalationState.JOINED)
    statement = select(func.count()).where(Escalation.id != escalation.id, or_(joined, about_to))
    return db.session.scalar(statement) or 0


def cap() -> int:
    """Return how many pages a person gets within an hour."""
    return int(current_app.config["SETTINGS"].page_cap)


def may_be_paged(user_id: int, moment: datetime) -> bool:
    """Say whether a person was paged less often within the hour than the cap."""
    statement = select(func.count()).where(Page.user_id == user_id, Page.is_sent, Page.at > moment - HOUR)
    return (db.session.scalar(statement) or 0) < cap()
