"""Many incidents at once, and time that passes until all their mails have left."""

from collections.abc import Callable
from datetime import timedelta

import time_machine

from app.extensions import db
from app.incidents import service
from app.records.actors import SYSTEM
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity

CAP = 3
UNDONE = (MailState.WAITING, MailState.SENDING, MailState.COLLECTED)


def storm(count: int) -> list[int]:
    """Open incidents and return their numbers."""
    return [
        service.create(title=f"Broken {number}", severity=Severity.HIGH, actor=SYSTEM).id
        for number in range(count)
    ]


def run_until_all_is_told(work: Callable[[], object], clock: time_machine.Traveller) -> None:
    """Let the worker work every two minutes until no mail is left to be sent."""
    for _ in range(100):
        work()
        left = db.session.query(OutboxMessage).filter(OutboxMessage.state.in_(UNDONE)).count()
        db.session.rollback()
        if not left:
            return
        clock.shift(timedelta(minutes=2))
    raise AssertionError(f"{left} mails are left over")
