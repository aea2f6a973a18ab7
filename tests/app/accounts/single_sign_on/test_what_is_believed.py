"""Tokens, codes and providers that are never believed."""

from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey

from app.extensions import db
from app.records.accounts import User
from tests.app.accounts.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.app.accounts.single_sign_on.visitors import come_back, log_in, user


def test_what_the_token_does_not_tell_is_asked_of_userinfo(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    provider.email_in_token = False
    assert log_in(client).status_code == 303
    assert user() is not None


@pytest.mark.parametrize(
    "twist",
    [
        {"iss": "https://evil.example"},
        {"aud": ["another-app"]},
        {"nonce": "replayed"},
        {"exp": 1},
        {"sub": None},
        {"at_hash": "bm90LWl0"},
    ],
)
def test_a_token_that_does_not_fit_is_refused(
    client: FlaskClient, context: None, provider: Provider, twist: dict[str, Any]
) -> None:
    provider.twist = twist
    answer = log_in(client)
    assert answer.status_code == 401
    assert client.get("/automation").status_code == 303
    assert db.session.query(User).count() == 0


def test_a_token_signed_with_another_key_is_refused(client: FlaskClient, provider: Provider) -> None:
    provider.published_key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    assert log_in(client).status_code == 401


def test_a_token_without_a_signature_is_refused_even_if_the_provider_offers_that(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    provider.is_signing = False
    assert log_in(client).status_code == 401
    assert db.session.query(User).count() == 0


def test_what_userinfo_says_of_somebody_else_is_not_believed(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    provider.email_in_token, provider.userinfo_sub = False, "mallory-1"
    assert log_in(client).status_code == 401
    assert db.session.query(User).count() == 0


def test_a_provider_that_calls_itself_something_else_is_refused(
    client: FlaskClient, provider: Provider
) -> None:
    provider.advertised_issuer = "https://evil.example"
    assert client.get("/login/oidc").status_code == 401


def test_an_answer_this_browser_did_not_ask_for_is_refused(app: Flask, client: FlaskClient) -> None:
    back = come_back(client)
    assert app.test_client().get(back).status_code == 401
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 401, "an answer counts once"


def test_a_stolen_code_is_worth_nothing_without_the_verifier(client: FlaskClient, provider: Provider) -> None:
    come_back(client)
    answer = requests.post(
        f"{provider.issuer}/token",
        auth=(CLIENT_ID, CLIENT_SECRET),
        data={
            "grant_type": "authorization_code",
            "code": next(iter(provider.codes)),
            "redirect_uri": "http://localhost/login/oidc/callback",
        },
        timeout=10,
    )
    assert answer.status_code == 400


def test_a_refusal_by_the_provider_is_told_calmly(client: FlaskClient) -> None:
    answer = client.get("/login/oidc/callback?error=access_denied&error_description=<script>")
    assert answer.status_code == 401
    assert "<script>" not in answer.text.replace("<script src", "")


def test_a_provider_that_is_away_is_told_calmly(app: Flask, provider: Provider) -> None:
    provider.__exit__()
    answer = app.test_client().get("/login/oidc")
    assert answer.status_code == 503
    provider.__enter__()


@pytest.mark.parametrize(
    "audience", ["another app", ["another app"], ["another app", "a third"], [], "", ["oims2"], None]
)
@pytest.mark.threat("T42")
def test_a_token_for_another_app_lets_nobody_in(
    client: FlaskClient, context: None, provider: Provider, audience: Any
) -> None:
    provider.audience = audience
    provider.twist = {"azp": CLIENT_ID}
    assert log_in(client).status_code == 401
    assert user() is None


def test_a_token_for_several_apps_counts_when_it_was_issued_to_this_one(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    provider.audience, provider.twist = ["another app", CLIENT_ID], {"azp": CLIENT_ID}
    assert log_in(client).status_code == 303
