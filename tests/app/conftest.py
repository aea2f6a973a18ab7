"""The app on a fresh, migrated database for each test; PostgreSQL too where a test is about the database."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import passwords, service, tokens
from app.config import Settings, load
from app.extensions import db
from app.factory import create_app
from app.records.accounts import Role, Scope, User, UserStatus
from app.records.actors import SYSTEM
from tests.app import compiled, databases

PASSWORD = "three blue lamps"
SECRET_KEY = "0123456789abcdef0123456789abcdef"


def migrate(url: str) -> None:
    app = create_app(Settings(database_url=url, secret_key=SECRET_KEY))
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the smallest parameters: what is tested is the use of hashes, not their strength."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(1, 8, 1))
    passwords._nobody.cache_clear()  # noqa: SLF001 - it was made by the other hasher


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OIMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiled.keep(patch)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A migrated database of this session's own on a real PostgreSQL; its URL."""
    with databases.postgres_database() as url:
        migrate(url)
        databases.keep_fresh(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """One test, both databases."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url: str = request.getfixturevalue("postgres")
    databases.make_fresh(url)
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "site.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite; a module about the database overrides this with ``any_database_url``."""
    return sqlite_url


@pytest.fixture
def make_settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Settings as an operator gives them: by environment variables."""

    def make(**values: Any) -> Settings:
        given = {
            "database_url": database_url,
            "secret_key": SECRET_KEY,
            "base_url": "http://oims.example.org",
        } | values
        for name, value in given.items():
            monkeypatch.setenv(f"OIMS_{name.upper()}", str(value))
        return load()

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(smtp_host="127.0.0.1", smtp_port=9, mail_to="oncall@example.org,lead@example.org")


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        made.append(create_app(settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(settings: Settings, make_app: Callable[[Settings], Flask]) -> Flask:
    return make_app(settings)


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    """An app context, for tests that call use cases."""
    with app.app_context():
        yield
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def make_user(name: str, role: Role) -> User:
    return service.register(
        email=f"{name.lower()}@example.org",
        name=name,
        password=PASSWORD,
        status=UserStatus.ACTIVE,
        role=role,
    )


@pytest.fixture
def alice(context: None) -> User:
    """Alice responds."""
    return make_user("Alice", Role.RESPONDER)


@pytest.fixture
def bob(context: None) -> User:
    """Bob responds too."""
    return make_user("Bob", Role.RESPONDER)


@pytest.fixture
def vera(context: None) -> User:
    """Vera may only look."""
    return make_user("Vera", Role.VIEWER)


@pytest.fixture
def bearer(app: Flask) -> Callable[..., dict[str, str]]:
    """Headers with a new API token of the given scopes."""

    def make(*scopes: Scope) -> dict[str, str]:
        with app.app_context():
            made = tokens.create(name=f"test {'-'.join(scopes)}", scopes=scopes, by=SYSTEM)
        return {"Authorization": f"Bearer {made.secret}"}

    return make


@pytest.fixture
def report(
    client: FlaskClient, bearer: Callable[..., dict[str, str]]
) -> Callable[[str, dict[str, Any]], int]:
    """Report to the app as the automation does; returns the status."""
    headers = bearer(Scope.AUTOMATION)

    def post(path: str, body: dict[str, Any]) -> int:
        return client.post(f"/api/v1/{path}", json=body, headers=headers).status_code

    return post
