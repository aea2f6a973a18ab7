"""What people ask of the automation, and the version of it that automation compares."""

from sqlalchemy import select

from app.extensions import db
from app.records.automation import AutomationControl


def locked() -> AutomationControl:
    """Return the row, so that nobody else can change it before the commit; the first use makes it."""
    statement = select(AutomationControl).where(AutomationControl.id == 1).with_for_update()
    row = db.session.scalar(statement, execution_options={"populate_existing": True})
    if row is None:
        row = AutomationControl(id=1, is_paused=False, version=0)
        db.session.add(row)
    return row


def grow() -> None:
    """Count a change of the instructions; call it in the transaction of the change."""
    locked().version += 1
