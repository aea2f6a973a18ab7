"""What people do with single sign-on, in a browser of the tests."""

from urllib.parse import urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import service, tokens
from app.clock import now
from app.extensions import db
from app.records.accounts import Scope, User, UserStatus
from app.records.actors import Actor
from tests.app.conftest import PASSWORD

CAROL = {"email": "carol@example.org", "email_verified": True, "name": "Carol"}


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


def prepare(*, is_confirmed: bool) -> tuple[int, str]:
    """Make Carol's account as anybody can, with a password and a token; return its id and the token."""
    made = service.register(
        email="carol@example.org", name="Not Carol", password=PASSWORD, status=UserStatus.ACTIVE
    )
    made.email_confirmed_at = now() if is_confirmed else None
    db.session.commit()
    token = tokens.create(name="planted", scopes=[Scope.WRITE], by=Actor.person(made), user_id=made.id)
    return made.id, token.secret
