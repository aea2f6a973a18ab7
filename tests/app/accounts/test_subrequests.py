"""What a reverse proxy is told of a person before it lets them to Prometheus and Alertmanager."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import service
from app.clock import now
from app.extensions import db
from app.records.accounts import Role, User, UserStatus
from app.records.actors import SYSTEM
from tests.app.browsers import signed_in
from tests.app.conftest import make_user

BROWSER = {"Accept": "text/html"}
RANK = list(Role)


def test_roles_are_in_the_order_of_their_rank() -> None:
    assert [role.value for role in RANK] == ["viewer", "responder", "admin"]


@pytest.mark.parametrize("wanted", RANK)
@pytest.mark.parametrize("theirs", RANK)
@pytest.mark.threat("T20")
def test_a_session_is_let_in_as_far_as_its_role(app: Flask, theirs: Role, wanted: Role) -> None:
    with app.app_context():
        client = signed_in(app, make_user("Someone", theirs))
    answer = client.get(f"/session/{wanted}", headers=BROWSER)
    assert answer.status_code == (204 if theirs.includes(wanted) else 403)
    if answer.status_code == 204:
        assert answer.data == b""
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("wanted", RANK)
def test_a_browser_without_a_session_is_told_apart_by_401(client: FlaskClient, wanted: Role) -> None:
    assert client.get(f"/session/{wanted}", headers=BROWSER).status_code == 401


def test_a_session_that_has_ended_is_no_session(app: Flask) -> None:
    with app.app_context():
        user = make_user("Someone", Role.VIEWER)
        client, number = signed_in(app, user), user.id
    assert client.get("/session/viewer").status_code == 204
    with app.app_context():
        service.change_status(number, status=UserStatus.DISABLED, by=SYSTEM)
    assert client.get("/session/viewer", headers=BROWSER).status_code == 401


def test_an_initial_password_opens_nothing_beside_the_app(app: Flask, vera: User) -> None:
    vera.password_expires_at = now() + timedelta(hours=1)
    db.session.commit()
    assert signed_in(app, vera).get("/session/viewer", headers=BROWSER).status_code == 403


def test_a_second_factor_that_the_role_needs_is_not_gone_around(
    make_settings: Callable[..., object], make_app: Callable[..., Flask]
) -> None:
    app = make_app(make_settings(second_factor_roles="viewer"))
    with app.app_context():
        client = signed_in(app, make_user("Someone", Role.VIEWER))
    assert client.get("/session/viewer", headers=BROWSER).status_code == 401
    assert client.get("/session/enter", headers=BROWSER).location.startswith("/profile/two-step?")


def test_the_log_in_leads_back_to_where_the_proxy_stopped_them(app: Flask, vera: User) -> None:
    client = app.test_client()
    there = "/session/enter?next=/prometheus/query?g0.expr=up"
    assert client.get(there, headers=BROWSER).location.startswith("/login?next=/session/enter")
    assert signed_in(app, vera).get(there).location == "/prometheus/query?g0.expr=up"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
def test_nobody_is_led_to_another_site(app: Flask, vera: User, elsewhere: str) -> None:
    answer = signed_in(app, vera).get("/session/enter", query_string={"next": elsewhere})
    assert answer.location == "/"
