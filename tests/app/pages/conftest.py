"""An app with the usual cast: Alice and Bob respond, Vera only looks, and a person who is not logged in."""

from datetime import UTC, datetime

import pytest

from app.config import Settings
from app.records.accounts import Role
from tests.app.pages import stories
from tests.app.pages.client import PageClient


@pytest.fixture
def settings(sqlite_url):
    return Settings(
        database_url=sqlite_url,
        secret_key="x" * 32,
        registration="open",
        base_url="http://localhost",
    )


@pytest.fixture
def tell(app):
    """Run a story or a use case in a context of its own, as a worker would, and return the incident's id."""

    def tell(story, *args, **kwargs) -> int:
        with app.app_context():
            return story(*args, **kwargs).id

    return tell


@pytest.fixture
def alice(app):
    with app.app_context():
        return stories.person("Alice")


@pytest.fixture
def bob(app):
    with app.app_context():
        return stories.person("Bob")


@pytest.fixture
def vera(app):
    with app.app_context():
        return stories.person("Vera", Role.VIEWER)


@pytest.fixture
def at():
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def stranger(app):
    """A browser that nobody is logged in with."""
    return PageClient(app.test_client())


@pytest.fixture
def log_in(app):
    def log_in(user) -> PageClient:
        browser = PageClient(app.test_client())
        response = browser.submit("/login", email=user.email, password=stories.PASSWORD)
        assert response.status_code == 303
        return browser

    return log_in


@pytest.fixture
def browser(log_in, alice):
    """Alice's browser."""
    return log_in(alice)
