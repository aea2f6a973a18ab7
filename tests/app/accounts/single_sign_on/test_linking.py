"""Which account a sign-on opens, where there is one already."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import service, tokens
from app.extensions import db
from app.records.accounts import Role, User
from app.records.actors import SYSTEM
from app.records.operations import AuditEvent
from tests.app.accounts.provider import Person, Provider
from tests.app.accounts.single_sign_on.visitors import CAROL, log_in, prepare, user
from tests.app.conftest import PASSWORD


def test_a_verified_address_is_linked_to_its_account_and_keeps_its_role(
    client: FlaskClient, context: None, alice: User, provider: Provider
) -> None:
    service.change_role(alice.id, role=Role.VIEWER, by=SYSTEM)
    provider.person.claims["email"] = "Alice@example.org"
    assert log_in(client).status_code == 303
    found = user()
    assert found is not None
    assert (found.id, found.role) == (alice.id, Role.VIEWER)


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_is_not_verified_opens_nobodys_account(
    client: FlaskClient, context: None, alice: User, provider: Provider, verified: Any
) -> None:
    provider.person.claims |= {"email": alice.email, "email_verified": verified}
    answer = log_in(client)
    assert answer.status_code == 403
    assert "hasn&#39;t verified your email address" in answer.text
    assert user() is None


def test_an_account_that_is_linked_to_somebody_else_is_not_taken_over(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    log_in(client)
    provider.person = Person("mallory", dict(CAROL))
    assert log_in(client).status_code == 403
    assert user("mallory") is None


@pytest.mark.threat("T34")
def test_nobody_prepares_an_account_for_somebody_else_to_be_linked_to(client: FlaskClient) -> None:
    """No mail confirms an address here; its owner's first log-in would open the stranger's account."""
    assert client.get("/register").status_code == 403
    assert "/register" not in client.get("/login").text


@pytest.mark.parametrize("extra", [{"oidc_role_claim": "groups", "oidc_roles": "leads=admin"}])
@pytest.mark.threat("T34")
def test_an_account_that_somebody_else_prepared_opens_to_its_owner_alone(
    app: Flask, client: FlaskClient, provider: Provider
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    provider.person.claims["groups"] = ["leads"]
    with app.app_context():
        user_id, secret = prepare(is_confirmed=False)
    planted = app.test_client()
    form = {"email": "carol@example.org", "password": PASSWORD}
    assert planted.post("/login", data=form).status_code == 303
    assert log_in(client).status_code == 303
    assert planted.get("/").status_code == 303, "its session has ended"
    assert planted.post("/login", data=form).status_code == 422
    with app.app_context():
        found = user()
        assert found is not None
        seen = (found.id, found.role, found.password_hash, found.name)
        assert seen == (user_id, Role.ADMIN, None, "Carol")
        assert tokens.find(secret) is None
        told = db.session.query(AuditEvent).filter_by(kind="account_linked").one()
        assert "never confirmed" in told.summary


def test_an_account_whose_address_a_mail_confirmed_keeps_what_its_owner_has(
    app: Flask, client: FlaskClient, context: None
) -> None:
    _, secret = prepare(is_confirmed=True)
    assert log_in(client).status_code == 303
    found = user()
    assert found is not None
    assert found.password_hash is not None
    assert found.name == "Not Carol"
    assert tokens.find(secret) is not None
