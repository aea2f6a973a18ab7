"""Where single sign-on is enforced."""

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import invitations, password_login, service
from app.clock import now
from app.extensions import db
from app.records.accounts import PasswordReset, Role
from app.records.actors import SYSTEM
from app.records.outbox import OutboxMessage
from tests.app.accounts.single_sign_on.visitors import log_in, prepare, user
from tests.app.conftest import PASSWORD

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
        password_login.set_password(service.get(user_id), other["password"], by=SYSTEM, is_break_glass=True)
    assert client.post("/login", data=form | other).status_code == 303


@pytest.mark.parametrize("extra", [ENFORCED | {"registration": "closed"}])
def test_with_enforced_sign_on_an_invitation_gives_its_role_at_first_use(
    client: FlaskClient, context: None
) -> None:
    made = invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM)
    assert client.get(urlsplit(made.link).path).location == "/login/oidc"
    assert log_in(client).status_code == 303
    found = user()
    assert found is not None
    assert found.role is Role.VIEWER
    assert not invitations.waiting()
