"""Links in mails and the audit trail, on both databases: used once, kept as hashes, never changed."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError

from app.accounts import invitations, passwords, resets, service
from app.clock import now
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.records.accounts import Invitation, PasswordReset, Role, User, UserStatus
from app.records.actors import SYSTEM
from app.records.operations import AuditEvent
from app.records.outbox import MailKind, OutboxMessage
from tests.app.races import race

NEW = "seven green kettles"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def ask(email: str = "alice@example.org") -> None:
    resets.ask(email=email, address="192.0.2.1")


def secret() -> str:
    mail = db.session.query(OutboxMessage).order_by(OutboxMessage.id.desc()).first()
    assert mail is not None
    found: str = mail.text.partition("/password/reset/")[2] or mail.text.partition("/invitation/")[2]
    return found.split(maxsplit=1)[0]


def test_a_link_is_kept_as_a_hash_and_works_once(alice: User) -> None:
    ask()
    link = secret()
    assert link not in str([vars(row) for row in db.session.query(PasswordReset)])
    resets.use(link, new=NEW)
    assert passwords.matches(service.get(alice.id).password_hash, NEW)
    with pytest.raises(NotFound):
        resets.use(link, new="another thing entirely")


def test_a_link_ends_after_half_an_hour_or_with_another_that_was_used(alice: User) -> None:
    ask()
    first = secret()
    with time_machine.travel(now() + resets.VALID_FOR + timedelta(seconds=1), tick=False):
        with pytest.raises(NotFound):
            resets.owner(first)
        resets.delete_ended()
        assert db.session.query(PasswordReset).count() == 0
    ask()
    older = secret()
    ask()
    resets.use(secret(), new=NEW)
    with pytest.raises(NotFound):
        resets.use(older, new="another thing entirely")


def test_a_link_of_an_account_that_was_switched_off_is_dead(alice: User) -> None:
    ask()
    link = secret()
    service.change_status(alice.id, status=UserStatus.DISABLED, by=SYSTEM)
    with pytest.raises(NotFound):
        resets.use(link, new=NEW)


@pytest.mark.threat("T21")
def test_asking_for_an_unknown_address_does_the_same_work_and_sends_nothing(alice: User, app: Flask) -> None:
    """The time is that of the commits and hashes: they are counted."""
    done: list[str] = []
    event.listen(db.engine, "commit", lambda _: done.append("commit"))
    for email in ("alice@example.org", "nobody@example.org"):
        ask(email)
        done.append(email)
    brake_and_link = ["commit", "commit"]
    assert done == [*brake_and_link, "alice@example.org", *brake_and_link, "nobody@example.org"]
    assert db.session.query(PasswordReset).count() == 2
    mails = db.session.query(OutboxMessage).filter_by(kind=MailKind.PASSWORD_RESET)
    assert [mail.recipient for mail in mails] == ["alice@example.org"]


def test_of_those_who_use_a_link_at_once_one_wins(alice: User, app: Flask) -> None:
    ask()
    link = secret()
    db.session.rollback()
    ends = race(app, lambda number: resets.use(link, new=f"{NEW} {number}"))
    assert sorted(ends) == ["NotFound", "NotFound", "NotFound", "done"]


def test_of_those_who_accept_an_invitation_at_once_one_wins(alice: User, app: Flask) -> None:
    invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM)
    link = secret()
    db.session.rollback()
    ends = race(app, lambda number: invitations.accept(link, name=f"Carol {number}", password=NEW))
    assert sorted(ends) == ["NotFound", "NotFound", "NotFound", "done"]
    assert service.known("carol@example.org").role is Role.VIEWER


def test_an_invitation_is_replaced_by_the_next_and_ends_after_a_week(alice: User) -> None:
    invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM)
    first = secret()
    invitations.invite(email="Carol@example.org", role=Role.ADMIN, by=SYSTEM)
    second = secret()
    assert second not in str([vars(row) for row in db.session.query(Invitation)])
    with pytest.raises(NotFound):
        invitations.find(first)
    assert invitations.find(second).role is Role.ADMIN
    with (
        time_machine.travel(now() + invitations.VALID_FOR + timedelta(seconds=1), tick=False),
        pytest.raises(NotFound),
    ):
        invitations.accept(second, name="Carol", password=NEW)


def test_a_weak_password_leaves_the_invitation_usable(alice: User) -> None:
    invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM)
    with pytest.raises(InvalidInput):
        invitations.accept(secret(), name="Carol", password="iloveyou1")
    assert invitations.accept(secret(), name="Carol", password=NEW).is_active


def test_two_administrators_can_not_switch_each_other_off(app: Flask, alice: User, bob: User) -> None:
    for person in (alice, bob):
        service.change_role(person.id, role=Role.ADMIN, by=SYSTEM)
    ids = [alice.id, bob.id]
    db.session.rollback()
    ends = race(
        app, lambda number: service.change_status(ids[number], status=UserStatus.DISABLED, by=SYSTEM), 2
    )
    assert sorted(ends) == ["InvalidInput", "done"]


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_events SET summary = 'nothing'", "DELETE FROM audit_events"]
)
@pytest.mark.threat("T27")
def test_the_database_refuses_to_change_the_audit_trail(alice: User, statement: str) -> None:
    before = db.session.query(AuditEvent).count()
    assert before > 0
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.query(AuditEvent).count() == before


def test_a_change_that_fails_leaves_no_entry_in_the_audit_trail(alice: User) -> None:
    service.change_role(alice.id, role=Role.ADMIN, by=SYSTEM)
    before = db.session.query(AuditEvent).count()
    with pytest.raises(InvalidInput):
        service.change_role(alice.id, role=Role.VIEWER, by=SYSTEM)
    assert db.session.query(AuditEvent).count() == before


@pytest.mark.parametrize(
    ("password", "is_fine"),
    [
        ("lamps on", True),
        ("x" * 40 + "yz12" * 10, True),
        ("ünïcödé läßt grüßen", True),
        ("eightgone", True),
        ("seven77", False),
        ("iloveyou", False),
        ("ILOVEYOU", False),
        ("iloveyou123!", False),
        ("trustno1", False),
        ("incident2026", False),
        ("aaaabbbb", False),
    ],
)
def test_a_password_needs_eight_characters_and_must_not_be_a_much_used_one(
    context: None, password: str, *, is_fine: bool
) -> None:
    refused = False
    try:
        passwords.check_new(password, email="carol@example.org", name="Carol")
    except InvalidInput:
        refused = True
    assert refused is not is_fine
