"""Single sign-on against a real provider: who gets in, as what, and what is never believed."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from werkzeug.test import TestResponse

from app.accounts import invitations, proof, service, tokens
from app.accounts.models import PasswordReset, Role, Scope, User, UserStatus
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents.actors import SYSTEM, Actor
from app.notify.models import OutboxMessage
from app.ops.models import AuditEvent
from tests.app.accounts.provider import CLIENT_ID, CLIENT_SECRET, Person, Provider
from tests.app.conftest import PASSWORD

CAROL = {"email": "carol@example.org", "email_verified": True, "name": "Carol"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(Person("carol-7", dict(CAROL))) as provider:
        yield provider


@pytest.fixture
def extra() -> dict[str, Any]:
    """Further settings; a test that needs some overrides this by parametrize."""
    return {}


@pytest.fixture
def settings(make_settings: Callable[..., Settings], provider: Provider, extra: dict[str, Any]) -> Settings:
    return make_settings(
        **{
            "base_url": "http://localhost",
            "registration": "open",
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
        }
        | extra
    )


def come_back(client: FlaskClient, path: str = "/login/oidc") -> str:
    """Go to the provider as a browser does; return the address it sends the browser back to."""
    sent = client.get(path)
    assert sent.status_code == 302, sent.text
    answer = requests.get(sent.location, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def log_in(client: FlaskClient) -> TestResponse:
    return client.get(come_back(client))


def user(subject: str = "carol-7") -> User | None:
    db.session.rollback()
    return db.session.query(User).filter_by(oidc_subject=subject).one_or_none()


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
    assert log_in(client).status_code == 403
    assert user() is None


def test_an_account_that_is_linked_to_somebody_else_is_not_taken_over(
    client: FlaskClient, context: None, provider: Provider
) -> None:
    log_in(client)
    provider.person = Person("mallory", dict(CAROL))
    assert log_in(client).status_code == 403
    assert user("mallory") is None


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


@pytest.mark.threat("T34")
def test_nobody_prepares_an_account_for_somebody_else_to_be_linked_to(client: FlaskClient) -> None:
    """No mail confirms an address here; its owner's first log-in would open the stranger's account."""
    assert client.get("/register").status_code == 403
    assert "/register" not in client.get("/login").text


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


def make_token(client: FlaskClient) -> TestResponse:
    return client.post("/profile/tokens", data={"name": "laptop", "scope": "write", "days": "90"})


@pytest.fixture
def old_session(app: Flask, client: FlaskClient) -> Iterator[None]:
    """Carol has signed on, a while ago; forms need no token, so that the tests can post at once."""
    app.config["WTF_CSRF_ENABLED"] = False
    assert log_in(client).status_code == 303
    with time_machine.travel(now() + proof.RECENT + timedelta(seconds=1)):
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


def prepare(*, is_confirmed: bool) -> tuple[int, str]:
    """Make Carol's account as anybody can, with a password and a token; return its id and the token."""
    made = service.register(
        email="carol@example.org", name="Not Carol", password=PASSWORD, status=UserStatus.ACTIVE
    )
    made.email_confirmed_at = now() if is_confirmed else None
    db.session.commit()
    token = tokens.create(name="planted", scopes=[Scope.WRITE], by=Actor.person(made), user_id=made.id)
    return made.id, token.secret


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


ENFORCED = {"oidc_only": "true", "smtp_host": "127.0.0.1", "smtp_port": 9}


@pytest.mark.parametrize("extra", [ENFORCED])
def test_where_sign_on_is_enforced_no_password_and_no_reset_link_opens_anything(
    app: Flask, client: FlaskClient
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    link = "a link from before sign-on was enforced"
    with app.app_context():
        user_id, _ = prepare(is_confirmed=True)
        digest = hashlib.sha256(link.encode()).hexdigest()
        end = now() + timedelta(minutes=5)
        db.session.add(PasswordReset(user_id=user_id, token_hash=digest, expires_at=end))
        db.session.commit()
    form, other = {"email": "carol@example.org", "password": PASSWORD}, {"password": "quite another lamp"}
    assert client.post("/login", data=form).status_code == 422
    assert client.get("/register").status_code == 403
    assert client.post("/password/forgotten", data={"email": form["email"]}).status_code == 200
    assert client.post(f"/password/reset/{link}", data=other).status_code == 404
    with app.app_context():
        assert db.session.query(OutboxMessage).count() == 0
        service.set_password(service.get(user_id), other["password"], by=SYSTEM, is_break_glass=True)
    assert client.post("/login", data=form | other).status_code == 303


@pytest.mark.parametrize("extra", [ENFORCED | {"registration": "closed"}])
def test_where_sign_on_is_enforced_an_invitation_gives_its_role_at_the_first_sign_on(
    client: FlaskClient, context: None
) -> None:
    made = invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM)
    assert client.get(urlsplit(made.link).path).location == "/login/oidc"
    assert log_in(client).status_code == 303
    found = user()
    assert found is not None
    assert found.role is Role.VIEWER
    assert not invitations.waiting()
