"""Reading follow-ups."""

from collections.abc import Sequence

from sqlalchemy import select

from app.extensions import db
from app.records.incidents import FollowUp


def follow_ups(incident_id: int) -> Sequence[FollowUp]:
    """Return what is to be done after an incident, in the order in which it was said."""
    statement = select(FollowUp).where(FollowUp.incident_id == incident_id).order_by(FollowUp.id)
    return db.session.scalars(statement).all()
