"""What the automation is told: the pause, the answers to its questions, and the maintenance windows.

It waits here for the next change, so that a pause reaches it within a second. A waiting request holds a
thread of the web server, but neither a connection nor a snapshot of the database.
"""

from datetime import timedelta
from threading import BoundedSemaphore, Event
from time import monotonic

from sqlalchemy import select

from app.clock import now
from app.extensions import db
from app.maintenance import queries as maintenance
from app.records.automation import Approval, ApprovalState, AutomationControl
from contract.instructions import Answer, Instructions, Window
from contract.matchers import Matcher

ANSWERS_LISTED_FOR = timedelta(hours=24)
LOOK_EVERY_S = 0.25
WAITING = BoundedSemaphore(2)
"""At most two of the web server's threads wait; who comes third is answered at once."""
STOPPING = Event()
"""Set when the web server is told to stop: it waits for its requests, so these must not wait any longer."""


def wait_for(after: int, seconds: float) -> Instructions:
    """Return the instructions as soon as their version is greater than ``after``, else after ``seconds``."""
    if seconds > 0 and WAITING.acquire(blocking=False):
        try:
            _wait(after, seconds)
        finally:
            WAITING.release()
    return current()


def current() -> Instructions:
    """Return the instructions as they are."""
    control = db.session.get(AutomationControl, 1, populate_existing=True)
    is_paused = control is not None and control.is_paused
    return Instructions(
        version=control.version if control else 0,
        paused=is_paused,
        paused_by=control.changed_by if control and is_paused else None,
        approvals=_answers(),
        maintenance=_holds(),
        server_time=now(),
    )


def _wait(after: int, seconds: float) -> None:
    end = monotonic() + seconds
    while _version() <= after and monotonic() < end and not STOPPING.is_set():
        STOPPING.wait(min(LOOK_EVERY_S, max(0.0, end - monotonic())))


def _version() -> int:
    version = db.session.scalar(select(AutomationControl.version).where(AutomationControl.id == 1))
    db.session.rollback()
    return version or 0


def _answers() -> tuple[Answer, ...]:
    statement = (
        select(Approval)
        .where(
            Approval.state.in_((ApprovalState.APPROVED, ApprovalState.REJECTED)),
            Approval.decided_at > now() - ANSWERS_LISTED_FOR,
        )
        .order_by(Approval.decided_at)
    )
    return tuple(
        Answer(id=row.id, state=row.state.value, by=row.decided_by or "", at=row.decided_at)
        for row in db.session.scalars(statement)
    )


def _holds() -> tuple[Window, ...]:
    """Return the stretch of each window that holds now or comes next."""
    moment = now()
    return tuple(
        Window(
            id=window.id,
            matchers=[Matcher.model_validate(matcher) for matcher in window.matchers],
            starts_at=stretch.starts_at,
            ends_at=stretch.ends_at,
            comment=window.comment,
        )
        for window in maintenance.unended(moment)
        if (stretch := window.next(moment)) is not None
    )
