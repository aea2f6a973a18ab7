"""How far the journal was read."""

from sqlalchemy import select

from app.extensions import db
from app.records.alerts import JournalCursor


def offset() -> int:
    """Return the sequence number of the last event that took effect.

    The read ends at once: the long-poll that follows must hold no snapshot of the database.
    """
    value = db.session.scalar(select(JournalCursor.offset).where(JournalCursor.id == 1))
    db.session.rollback()
    return value or 0


def read() -> JournalCursor:
    """Return the cursor as it stands, without holding anything."""
    place = db.session.scalars(select(JournalCursor), execution_options={"populate_existing": True}).one()
    db.session.expunge(place)
    db.session.rollback()
    return place


def lock() -> JournalCursor:
    """Return the cursor so that no event can be taken in until the commit; needs a transaction()."""
    statement = select(JournalCursor).where(JournalCursor.id == 1).with_for_update()
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()
