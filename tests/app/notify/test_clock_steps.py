"""A clock that is set forward or back by an hour: nobody is locked out, nothing is lost or sent twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller

from app.clock import now
from app.errors import Unauthorized
from app.extensions import db
from app.incidents import service
from app.records.accounts import User
from app.records.actors import SYSTEM
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity
from tests.app.accounts.test_login import log_in
from tests.app.notify.conftest import Sink

HOUR = timedelta(hours=1)
STEPS = pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])


def states() -> list[MailState]:
    db.session.rollback()
    return list(db.session.scalars(db.select(OutboxMessage.state)))


@pytest.mark.fault("F22")
@STEPS
def test_a_mail_leaves_at_once_and_once(
    step: timedelta, send: Callable[[], int], context: None, server: tuple[Sink, Controller]
) -> None:
    server[1].start()
    service.create(title="Café closed", severity=Severity.HIGH, actor=SYSTEM)

    with time_machine.travel(now() + step, tick=False):
        assert send() == 1
        assert send() == 0
    assert send() == 0
    assert states() == [MailState.SENT]
    assert len(server[0].mails) == 1


@pytest.mark.fault("F22")
@STEPS
def test_who_mistyped_the_password_some_times_is_not_locked_out(step: timedelta, alice: User) -> None:
    for _ in range(3):
        with pytest.raises(Unauthorized):
            log_in(password="wrong")

    with time_machine.travel(now() + step, tick=False):
        assert log_in().id == alice.id
