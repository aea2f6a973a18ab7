"""A fresh sign-on is proof of who somebody is; an old one, or somebody else's, is none."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import sessions
from app.clock import now
from tests.app.accounts.provider import Person, Provider
from tests.app.accounts.single_sign_on.visitors import CAROL, come_back, log_in, user


def make_token(client: FlaskClient) -> TestResponse:
    return client.post("/profile/tokens", data={"name": "laptop", "scope": "write", "days": "90"})


@pytest.fixture
def old_session(app: Flask, client: FlaskClient) -> Iterator[None]:
    """Carol has signed on, a while ago; forms need no token, so that the tests can post at once."""
    app.config["WTF_CSRF_ENABLED"] = False
    assert log_in(client).status_code == 303
    with time_machine.travel(now() + sessions.RECENT + timedelta(seconds=1)):
        yield


@pytest.mark.usefixtures("old_session")
def test_a_fresh_sign_on_is_proof_for_who_has_no_password(client: FlaskClient, provider: Provider) -> None:
    asked = make_token(client)
    assert asked.status_code == 403
    assert "Sign on again" in asked.text
    assert "Your password" not in asked.text
    assert "Sign on again" in make_token(client).text, "asking is no proof"
    provider.signed_on_at = int(now().timestamp())
    answer = client.get(come_back(client, "/login/oidc?confirm=1"))
    assert answer.location == "/profile/confirmed"
    assert provider.asked[-1]["prompt"] == "login"
    assert provider.asked[-1]["max_age"] == "0"
    assert client.get(answer.location).status_code == 200
    assert make_token(client).status_code == 201


@pytest.mark.usefixtures("old_session")
@pytest.mark.parametrize("twist", [{}, {"auth_time": None}, {"auth_time": "now"}])
def test_a_provider_that_only_sends_the_person_back_proves_nothing(
    client: FlaskClient, provider: Provider, twist: dict[str, Any]
) -> None:
    provider.signed_on_at, provider.twist = int(now().timestamp()) - 1000, twist
    assert client.get(come_back(client, "/login/oidc?confirm=1")).status_code == 401
    assert make_token(client).status_code == 403


@pytest.mark.usefixtures("old_session")
def test_somebody_elses_sign_on_proves_nothing(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    provider.person = Person("mallory-1", CAROL | {"email": "mallory@example.org"})
    provider.signed_on_at = int(now().timestamp())
    assert client.get(come_back(client, "/login/oidc?confirm=1")).status_code == 401
    assert make_token(client).status_code == 403
    assert user("mallory-1") is None
