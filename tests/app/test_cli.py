"""The command line."""

import io
from typing import Any

import pytest

from app.accounts import password_login, service, tokens
from app.cli import main
from app.records.accounts import Role, Scope
from app.records.actors import SYSTEM

AUTOMATION = "0123456789012345678901234567890123456789"


@pytest.fixture(autouse=True)
def quiet(make_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.logs.configure", lambda *_arguments: None)
    make_settings(
        admin_email="root@example.org", admin_password="a long first password", automation_token=AUTOMATION
    )


def test_migrate_can_be_repeated_and_leaves_a_changed_password_alone(app: Any) -> None:
    assert main(["migrate"]) == 0
    with app.app_context():
        admin = service.known("root@example.org")
        password_login.set_password(admin, "another long password", by=SYSTEM)
        changed = service.known("root@example.org").password_hash
    assert main(["migrate"]) == 0
    with app.app_context():
        admin = service.known("root@example.org")
        assert (admin.role, admin.password_hash) == (Role.ADMIN, changed)
        token = tokens.find(AUTOMATION)
        assert token is not None
        assert token.scopes == [Scope.AUTOMATION]


def test_a_password_is_set_from_stdin_for_somebody_who_forgot_it(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["migrate"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("seven green kettles\n"))
    assert main(["user", "password", "root@example.org"]) == 0
    with app.app_context():
        password_login.authenticate(email="root@example.org", password="seven green kettles", address="::1")
    assert main(["user", "password", "nobody@example.org"]) == 1


def test_a_token_is_printed_once_and_works(app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "create", "demo", "--scope", "read"]) == 0
    secret = capsys.readouterr().out.strip()
    with app.app_context():
        assert tokens.find(secret) is not None
    assert main(["token", "list"]) == 0
    assert secret not in capsys.readouterr().out
    assert main(["token", "create", "demo", "--scope", "read"]) == 1
    assert "There is an API token 'demo' already." in capsys.readouterr().err


def test_a_user_is_made_with_a_password_from_stdin(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("three blue lamps\n"))
    assert main(["user", "create", "Bob@Example.org", "--name", "Bob", "--role", "viewer"]) == 0
    with app.app_context():
        found = password_login.authenticate(
            email="bob@example.org", password="three blue lamps", address="::1"
        )
        assert found.role is Role.VIEWER
