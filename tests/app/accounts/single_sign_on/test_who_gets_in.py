"""Who gets in by single sign-on, and as what."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import service, tokens
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.records.accounts import Role, Scope, User, UserStatus
from app.records.actors import SYSTEM, Actor
from tests.app.accounts.provider import Provider
from tests.app.accounts.single_sign_on.visitors import come_back, log_in, user


def test_somebody_new_gets_an_account_and_the_page_that_was_asked_for(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    answer = client.get(come_back(client, "/login/oidc?next=/automation"))
    assert answer.status_code == 303
    assert answer.location == "/automation"
    assert client.get("/automation").status_code == 200
    found = user()
    assert found is not None
    assert (found.email, found.role, found.password_hash) == ("carol@example.org", Role.RESPONDER, None)
    assert provider.asked[0]["code_challenge_method"] == "S256"
    assert provider.asked[0]["nonce"]


def test_the_same_person_comes_back_to_the_same_account_even_under_a_new_address(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    log_in(client)
    first = user()
    provider.person.claims["email"] = "carol.new@example.org"
    client.post("/logout")
    assert log_in(client).status_code == 303
    assert user() == first
    assert db.session.query(User).count() == 1


@pytest.mark.parametrize("extra", [{"registration": "closed"}])
def test_where_registration_is_closed_only_those_who_have_an_account_come_in(
    client: FlaskClient, context: None, extra: Any
) -> None:
    assert log_in(client).status_code == 403
    assert db.session.query(User).count() == 0


@pytest.mark.parametrize("extra", [{"registration": "approval"}])
def test_where_accounts_are_approved_a_new_one_waits(client: FlaskClient, context: None, extra: Any) -> None:
    assert log_in(client).status_code == 403
    found = user()
    assert found is not None
    assert found.status is UserStatus.PENDING


def test_an_account_that_is_off_stays_off(client: FlaskClient, context: None) -> None:
    log_in(client)
    found = user()
    assert found is not None
    service.change_status(found.id, status=UserStatus.DISABLED, by=SYSTEM)
    assert log_in(client).status_code == 403


GROUPS = {"registration": "closed", "oidc_role_claim": "groups", "oidc_roles": "sre=responder,leads=admin"}


@pytest.mark.parametrize("extra", [GROUPS])
def test_groups_give_the_role_at_each_log_in_the_highest_one(
    client: FlaskClient, context: None, provider: Provider, extra: Any
) -> None:
    for groups, role in [(["sre", "leads"], Role.ADMIN), ("sre", Role.RESPONDER)]:
        provider.person.claims["groups"] = groups
        assert log_in(client).status_code == 303
        found = user()
        assert found is not None
        assert found.role is role


@pytest.mark.parametrize("extra", [GROUPS])
@pytest.mark.parametrize("groups", [[], ["cooks"], None])
def test_without_a_group_that_gives_a_role_nobody_comes_in(
    client: FlaskClient, context: None, provider: Provider, extra: Any, groups: Any
) -> None:
    provider.person.claims["groups"] = groups
    assert log_in(client).status_code == 403


def test_without_a_provider_there_is_no_such_log_in(make_settings: Any, make_app: Any) -> None:
    for name in ("oidc_issuer", "oidc_client_id"):
        make_settings(**{name: ""})
    app = make_app(make_settings(oidc_issuer="", oidc_client_id=""))
    answer = app.test_client().get("/login/oidc")
    assert answer.status_code == 401
    assert "Log in with your password" in answer.text
    assert "single sign-on" not in app.test_client().get("/login").text


@pytest.mark.threat("T36")
def test_who_is_gone_at_the_provider_is_gone_here_once_the_last_sign_on_is_old(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    assert log_in(client).status_code == 303
    with app.app_context():
        found = user()
        assert found is not None
        by = Actor.person(found)
        secret = tokens.create(name="hers", scopes=[Scope.READ], by=by, user_id=found.id).secret
    start = now()

    def works() -> bool:
        with app.app_context():
            return tokens.find(secret) is not None

    for hours, status in ((11, 200), (13, 303)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert client.get("/profile").status_code == status
    with time_machine.travel(start + settings.oidc_token_age - timedelta(minutes=1), tick=False):
        assert works()
    with time_machine.travel(start + settings.oidc_token_age + timedelta(minutes=1)):
        assert not works()
        assert log_in(client).status_code == 303
        assert works(), "signing on again wakes it"
