"""Deny by default: every door of the app, tried by the whole cast."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import access, service, tokens
from app.clock import now
from app.extensions import db
from app.incidents import service as incidents
from app.records.accounts import Role, Scope, User, UserStatus
from app.records.actors import SYSTEM
from app.records.operations import AuditEvent
from app.severities import Severity
from tests.app.browsers import signed_in
from tests.app.conftest import make_user
from tests.app.doors import BY_AN_ADDRESS, LEAVING, LOOKING, RANK, doors, pages

PEOPLE = ("anonymous", "pending", "disabled", "viewer", "responder", "admin")
TOKENS = ("watch", "read", "write", "automation", "admin", "expired", "revoked", "of a disabled person")
COVERED = {
    "watch": {"watch"},
    "read": {"watch", "read"},
    "write": {"watch", "read", "write"},
    "automation": {"watch", "read", "automation"},
    "admin": {"watch", "read", "write", "automation", "admin"},
}


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def cast(app: Flask) -> dict[str, int]:
    """One person of each kind by id, and an incident to act on.

    No context stays open: requests would share it, and with it the person Flask-Login found before.
    """
    with app.app_context():
        made = {role.value: make_user(f"One-{role.value}", role).id for role in Role}
        for status in (UserStatus.PENDING, UserStatus.DISABLED):
            made[status.value] = make_user(f"One-{status.value}", Role.ADMIN).id
        incidents.create(title="Something", severity=Severity.LOW, actor=SYSTEM)
    return made


def browser(app: Flask, cast: dict[str, int], who: str) -> FlaskClient:
    """A browser with a session of this person, as the log-in makes one; who is off now signed in before."""
    if who not in cast:
        return app.test_client()
    with app.app_context():
        user = service.get(cast[who])
        set_standing(user, UserStatus.ACTIVE)
        client = signed_in(app, user)
        set_standing(user, UserStatus(who) if who not in RANK else UserStatus.ACTIVE)
    return client


def set_standing(user: User, status: UserStatus) -> None:
    """Give the person's status and role back, whatever administrators were allowed to do to it."""
    user.status = status
    kind = user.name.lower().removeprefix("one-")
    user.role = Role(kind) if kind in RANK else Role.ADMIN
    db.session.commit()


def is_turned_away(answer: TestResponse) -> bool:
    """Say whether the answer sends to the log-in page or refuses."""
    to_login = answer.status_code == 303 and answer.location.startswith("/login")
    return to_login or answer.status_code in {401, 403}


def test_every_view_says_who_may_reach_it(app: Flask) -> None:
    silent = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if access.of(view) is None and not hasattr(view, "operation")
    }
    assert silent <= {"static", "faults.break_something", "api.document"}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_view_that_says_nothing_opens_to_nobody(app: Flask, cast: dict[str, int], who: str) -> None:
    app.add_url_rule("/silent", "silent", lambda: "open")
    assert browser(app, cast, who).get("/silent").status_code == 403


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.threat("T20")
def test_every_door_opens_only_to_those_who_may_enter(app: Flask, cast: dict[str, int], who: str) -> None:
    existing = [door for door in pages(app) if door.exists]
    for door in existing:
        answer = browser(app, cast, who).open(door.path, method=door.method)
        if door.endpoint in LEAVING and door.method == "POST":
            assert answer.status_code == 303
        else:
            is_let_in = RANK.get(who, 0) >= door.needs
            assert is_turned_away(answer) is not is_let_in, (who, door, answer.status_code)
    assert len(existing) > 100


@pytest.mark.parametrize("who", PEOPLE)
def test_where_there_is_no_door_nobody_enters(app: Flask, cast: dict[str, int], who: str) -> None:
    client = browser(app, cast, who)
    missing = [door for door in pages(app) if not door.exists]
    for door in missing:
        answer = client.open(door.path, method=door.method)
        assert answer.status_code in {405, 404} or is_turned_away(answer), (who, door, answer.status_code)
    assert len(missing) > 100


@pytest.mark.parametrize("who", PEOPLE)
def test_no_session_opens_the_api(app: Flask, cast: dict[str, int], who: str) -> None:
    client = browser(app, cast, who)
    for door in doors(app):
        if door.path.startswith("/api/") and door.exists and door.method != "OPTIONS":
            answer = client.open(door.path, method=door.method, json={})
            assert answer.status_code == 401, (who, door)


@pytest.fixture
def secrets(app: Flask, cast: dict[str, int]) -> dict[str, str]:
    """One token of each kind."""
    with app.app_context():
        made = {
            scope.value: tokens.create(name=scope.value, scopes=[scope], by=SYSTEM).secret for scope in Scope
        }
        made["expired"] = tokens.create(
            name="expired", scopes=[Scope.ADMIN], by=SYSTEM, expires_at=now() - timedelta(seconds=1)
        ).secret
        made["revoked"] = tokens.create(name="revoked", scopes=[Scope.ADMIN], by=SYSTEM).secret
        tokens.revoke("revoked", by=SYSTEM)
        disabled = cast["disabled"]
        made["of a disabled person"] = tokens.create(
            name="disabled", scopes=[Scope.ADMIN], by=SYSTEM, user_id=disabled
        ).secret
        service.change_status(disabled, status=UserStatus.DISABLED, by=SYSTEM)
    return made


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.threat("T20")
def test_every_operation_of_the_api_opens_only_to_its_scope(
    app: Flask, secrets: dict[str, str], kind: str
) -> None:
    headers = {"Authorization": f"Bearer {secrets[kind]}"}
    checked = 0
    for door in doors(app):
        if door.scope is None or not door.exists or door.method == "OPTIONS":
            continue
        answer = app.test_client().open(door.path, method=door.method, headers=headers, json={})
        checked += 1
        if kind not in COVERED:
            assert answer.status_code == 401, (kind, door)
        else:
            is_covered = door.scope in COVERED[kind]
            assert (answer.status_code == 403) is not is_covered, (kind, door, answer.status_code)
            assert answer.status_code != 401, (kind, door)
    assert checked > 10


@pytest.mark.parametrize("kind", ["admin", "write"])
def test_no_token_opens_a_page(app: Flask, secrets: dict[str, str], kind: str) -> None:
    headers = {"Authorization": f"Bearer {secrets[kind]}"}
    for door in pages(app):
        if door.exists:
            answer = app.test_client().open(door.path, method=door.method, headers=headers)
            assert is_turned_away(answer), door


@pytest.mark.threat("T19")
def test_no_form_is_taken_without_its_token_whoever_sends_it(app: Flask, cast: dict[str, int]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = browser(app, cast, "admin")
    with app.app_context():
        before = db.session.query(AuditEvent).count()
    for door in doors(app):
        is_form = not door.path.startswith(("/api/", "/demo/")) and door.endpoint not in BY_AN_ADDRESS
        if door.exists and door.method not in LOOKING and is_form:
            answer = client.open(door.path, method=door.method)
            assert answer.status_code == 400, door
    with app.app_context():
        assert db.session.query(AuditEvent).count() == before


@pytest.mark.parametrize("path", ["/password/reset/guess", "/invitation/guess", "/unsubscribe/guess"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_guessed_link_opens_nothing(app: Flask, path: str, method: str) -> None:
    answer = getattr(app.test_client(), method)(path, data={"password": "seven green kettles", "name": "x"})
    assert answer.status_code == 404


def test_the_address_that_counts_is_the_one_our_own_proxies_saw(
    make_settings: Callable[..., object], make_app: Callable[..., Flask]
) -> None:
    forged = {"X-Forwarded-For": "198.51.100.9, 192.0.2.7"}
    for hops, expected in [("0", "127.0.0.1"), ("1", "192.0.2.7")]:
        app = make_app(make_settings(proxy_hops=hops))
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            user = make_user(f"Hops{hops}", Role.VIEWER)
            email = user.email
        app.test_client().post(
            "/login", data={"email": email, "password": "three blue lamps"}, headers=forged
        )
        with app.app_context():
            event = (
                db.session.query(AuditEvent).filter_by(kind="login").order_by(AuditEvent.id.desc()).first()
            )
            assert event is not None
            assert event.data["address"] == expected
