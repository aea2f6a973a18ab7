"""Incidents that may have to do with one another: the same alert, target, or service in the same hour."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select

from app.extensions import db
from app.records.automation import Run
from app.records.incidents import Incident

NEAR = timedelta(minutes=30)
TARGETS_AMONG = 2000
"""How many incidents before and after are asked for their targets; by the key, so that it stays fast."""
TARGET = ("kind", "namespace", "name")


class Related(NamedTuple):
    """Another incident, and what they have in common in words."""

    incident: Incident
    why: str


def related(incident: Incident, *, limit: int = 5) -> Sequence[Related]:
    """Return at most ``limit`` others, the strongest reason first and then the newest, each once."""
    found: dict[int, Related] = {}
    for why, condition in _conditions(incident):
        statement = select(Incident).where(condition, Incident.id != incident.id)
        for other in db.session.scalars(statement.order_by(Incident.id.desc()).limit(limit)):
            found.setdefault(other.id, Related(other, why))
    return list(found.values())[:limit]


def _conditions(incident: Incident) -> Iterator[tuple[str, ColumnElement[bool]]]:
    if incident.identity is not None:
        yield "same alert", Incident.identity == incident.identity
    targets = db.session.scalars(select(Run.target).where(Run.incident_id == incident.id)).all()
    if targets:
        same = [
            and_(*(Run.target[part].as_string() == target.get(part) for part in TARGET)) for target in targets
        ]
        near = Run.incident_id.between(incident.id - TARGETS_AMONG, incident.id + TARGETS_AMONG)
        yield "same target", Incident.id.in_(select(Run.incident_id).where(near, or_(*same)))
    if incident.service:
        hour = Incident.opened_at.between(incident.opened_at - NEAR, incident.opened_at + NEAR)
        yield "same service and hour", and_(Incident.service == incident.service, hour)
