"""Sessions, cookies and headers; who may reach what is walked in test_roles.py."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.records.accounts import User
from tests.app.browsers import signed_in
from tests.app.conftest import PASSWORD


@pytest.mark.parametrize("method", ["post", "delete", "put"])
def test_somebody_who_may_only_look_changes_nothing(app: Flask, vera: User, method: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = signed_in(app, vera)
    answer = getattr(client, method)("/incidents/1/resolve")
    assert answer.status_code in {403, 405}


@pytest.mark.threat("T19")
def test_logging_out_ends_the_session_on_the_server(app: Flask, alice: User) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = signed_in(app, alice)
    stolen = client.get_cookie("oims")
    assert stolen is not None
    assert client.get("/automation").status_code == 200
    assert client.post("/logout").status_code == 303
    thief = app.test_client()
    thief.set_cookie("oims", stolen.value)
    assert thief.get("/automation").status_code == 303


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/login", "/healthz", "/api/v1/incidents", "/static/app.css"]
)
@pytest.mark.threat("T15")
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Request-ID"]


@pytest.mark.threat("T15")
def test_the_nonce_is_another_each_time(client: FlaskClient) -> None:
    policies = {client.get("/healthz").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.threat("T19")
def test_cookies_are_closed_up_behind_https(make_settings: Any, make_app: Any) -> None:
    app = make_app(make_settings(base_url="https://oims.example.org"))
    cookie = app.test_client().get("/login", base_url="https://oims.example.org").headers["Set-Cookie"]
    assert cookie.startswith("__Host-oims=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_passwords_are_never_stored_as_they_are(alice: User) -> None:
    assert alice.password_hash is not None
    assert alice.password_hash.startswith("$argon2id$")
    assert PASSWORD not in alice.password_hash
