"""What ends with a password, and the tokens that the settings keep."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
import time_machine
from flask import Flask
from sqlalchemy import event

from app import provision
from app.accounts import credentials, invitations, names, password_login, resets, service, tokens
from app.clock import now
from app.config import Settings
from app.errors import InvalidInput, Unauthorized
from app.extensions import db
from app.records.accounts import Role, Scope, User, UserStatus
from app.records.actors import SYSTEM, Actor
from app.records.operations import AuditEvent
from app.records.outbox import OutboxMessage
from tests.app.conftest import PASSWORD

NEW = "quite another lamp"
FIRST, SECOND = "a-first-secret-of-the-automation-0001", "a-second-secret-of-the-automation-0002"


def own_token(user: User, name: str = "laptop") -> str:
    return tokens.create(name=name, scopes=[Scope.WRITE], by=Actor.person(user), user_id=user.id).secret


def change_password(user: User) -> None:
    password_login.change_password(user.id, current=PASSWORD, new=NEW)


def switch_off_and_on(user: User) -> None:
    for status in (UserStatus.DISABLED, UserStatus.ACTIVE):
        service.change_status(user.id, status=status, by=SYSTEM)


@pytest.mark.parametrize(
    "act",
    [
        change_password,
        switch_off_and_on,
        lambda user: password_login.set_password(user, NEW, by=SYSTEM),
        lambda user: service.sign_out(user.id, by=Actor.person(user)),
        credentials.end_all,
    ],
)
@pytest.mark.threat("T36")
def test_what_ends_sessions_ends_api_tokens_for_good(
    alice: User, bob: User, act: Callable[[User], Any]
) -> None:
    hers, his = own_token(alice), own_token(bob, "other")
    program = tokens.create(name="program", scopes=[Scope.READ], by=SYSTEM).secret
    act(alice)
    assert tokens.find(hers) is None
    assert tokens.find(his) is not None
    assert tokens.find(program) is not None


def test_a_reset_link_ends_api_tokens_and_confirms_the_address(alice: User) -> None:
    secret = own_token(alice)
    resets.ask(email=alice.email, address="192.0.2.1")
    (mail,) = db.session.query(OutboxMessage).filter_by(recipient=alice.email).all()
    link = mail.text.partition("/password/reset/")[2].split()[0]
    assert alice.email_confirmed_at is None
    resets.use(link, new=NEW)
    assert tokens.find(secret) is None
    assert service.get(alice.id).email_confirmed_at is not None


def test_an_invitation_confirms_the_address_only_if_a_mail_carried_it(
    alice: User, make_app: Callable[[Settings], Flask], make_settings: Callable[..., Settings]
) -> None:
    made = invitations.invite(email="by-mail@example.org", role=Role.VIEWER, by=Actor.person(alice))
    accepted = invitations.accept(made.link.rpartition("/")[2], name="By Mail", password=NEW)
    assert accepted.email_confirmed_at is not None
    with make_app(make_settings(smtp_host="")).app_context():
        made = invitations.invite(email="by-hand@example.org", role=Role.VIEWER, by=SYSTEM)
        accepted = invitations.accept(made.link.rpartition("/")[2], name="By Hand", password=NEW)
        assert accepted.email_confirmed_at is None


def test_a_revoked_automation_token_stays_revoked_until_there_is_another_secret(
    context: None, make_settings: Callable[..., Settings]
) -> None:
    provision.migrate(make_settings(automation_token=FIRST))
    tokens.revoke("automation", by=SYSTEM)
    with structlog.testing.capture_logs() as logs:
        provision.migrate(make_settings(automation_token=FIRST))
    assert [line["event"] for line in logs].count("token_is_revoked") == 1
    assert tokens.find(FIRST) is None
    provision.migrate(make_settings(automation_token=SECOND))
    assert tokens.find(SECOND) is not None
    provision.migrate(make_settings(automation_token=FIRST))
    assert tokens.find(FIRST) is None, "nor does it come back by way of another"


def test_a_persons_token_of_the_same_name_is_left_alone(
    alice: User, make_settings: Callable[..., Settings]
) -> None:
    hers = own_token(alice, "automation")
    provision.migrate(make_settings(automation_token=FIRST))
    found, program = tokens.find(hers), tokens.find(FIRST)
    assert found is not None
    assert program is not None
    assert (found.created_by_id, found.scopes, found.is_from_settings) == (alice.id, ["write"], False)
    assert (program.created_by_id, program.scopes) == (None, ["automation"])


def test_a_persons_secret_in_the_settings_is_refused(
    alice: User, make_settings: Callable[..., Settings]
) -> None:
    with pytest.raises(InvalidInput, match="a person's token"):
        provision.migrate(make_settings(automation_token=own_token(alice)))


def test_another_secret_replaces_the_one_before(
    context: None, make_settings: Callable[..., Settings]
) -> None:
    for secret in (FIRST, SECOND):
        provision.migrate(make_settings(automation_token=secret))
    assert tokens.find(FIRST) is None
    assert [token.name for token in tokens.all_tokens()] == ["automation"]


@pytest.fixture
def first(context: None, make_settings: Callable[..., Settings]) -> User:
    provision.migrate(make_settings(admin_email="admin@example.org", admin_password=PASSWORD))
    return service.known("admin@example.org")


def test_the_first_administrator_does_nothing_before_changing_the_password(app: Flask, first: User) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    form = {"email": "admin@example.org", "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    for path in ("/", "/admin/people", "/profile/tokens", "/profile"):
        assert client.get(path).location == "/profile/password"
    assert client.post("/admin/tokens", data={"name": "x", "scope": "admin"}).location == "/profile/password"
    assert client.get("/", headers={"Accept": "application/json"}).status_code == 403
    assert "initial password" in client.get("/profile/password").text
    changed = client.post("/profile/password", data={"current": PASSWORD, "password": NEW})
    assert changed.location == "/profile"
    assert client.get("/admin/people").status_code == 200


def test_the_initial_password_ends_after_a_day_and_says_how_to_get_another(first: User) -> None:
    with time_machine.travel(now() + timedelta(hours=24, seconds=1), tick=False):
        with pytest.raises(Unauthorized) as wrong:
            password_login.authenticate(email=first.email, password="wrong", address="192.0.2.1")
        with pytest.raises(Unauthorized, match=r"python -m app user password admin@example\.org"):
            password_login.authenticate(email=first.email, password=PASSWORD, address="192.0.2.1")
        assert "initial" not in wrong.value.detail
        password_login.set_password(service.get(first.id), NEW, by=SYSTEM)
        assert (
            password_login.authenticate(email=first.email, password=NEW, address="192.0.2.1").id == first.id
        )


def test_the_first_administrators_name_is_no_role(first: User) -> None:
    assert first.name == "admin (2)"
    assert names.key(first.name) == first.name_key


@pytest.mark.threat("T35")
def test_entries_of_the_trail_say_which_account_it_was_whatever_its_name(alice: User) -> None:
    service.change_profile(alice.id, name="Somebody else", timezone="UTC")
    service.sign_out(alice.id, by=Actor.person(alice))
    for kind in ("user_created", "user_renamed", "signed_out"):
        event = db.session.query(AuditEvent).filter_by(kind=kind).one()
        assert (event.actor_id, event.actor_email) == (alice.id, "alice@example.org")


def statements(act: Callable[[], object]) -> list[str]:
    """Return the SQL that an act sends, in order."""
    seen: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(" ".join(statement.split()[:3]))

    event.listen(db.engine, "before_cursor_execute", see)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", see)
    return [word for word in seen if not word.startswith(("ROLLBACK TO", "RELEASE"))]


@pytest.mark.parametrize("ask", [resets.ask, invitations.register])
def test_asking_for_a_link_does_the_same_work_whether_or_not_there_is_an_account(
    alice: User, ask: Callable[..., None]
) -> None:
    db.session.rollback()
    known = statements(lambda: ask(email="alice@example.org", address="192.0.2.1"))
    unknown = statements(lambda: ask(email="nobody@example.org", address="192.0.2.2"))
    assert known == unknown
    recipients = [mail.recipient for mail in db.session.query(OutboxMessage).all()]
    assert recipients.count(alice.email) == 1
    assert recipients.count("nobody@example.org") == (1 if ask is invitations.register else 0)
