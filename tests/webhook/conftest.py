import contextlib
import uuid

import psycopg
import pytest

from tests.postgres import own_server
from tests.webhook.process import WebhookProcess, running
from webhook.journal import Journal, open_store


@pytest.fixture(scope="module")
def webhook(tmp_path_factory):
    """One webhook for the tests of a module that don't change how it runs."""
    with running(tmp_path_factory.mktemp("webhook")) as process:
        yield process


@pytest.fixture
def new_webhook(tmp_path):
    """Make webhooks that end with the test."""
    made = []

    def make(**settings):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(WebhookProcess(folder, **settings))
        return made[-1]

    yield make
    for process in made:
        process.end()


@pytest.fixture(scope="session")
def postgres_url():
    """A PostgreSQL of our own."""
    with own_server() as server:
        yield server.get_uri("postgres")


@pytest.fixture
def new_postgres(postgres_url):
    """Make addresses of empty journals in PostgreSQL."""

    def make():
        name = f"journal_{uuid.uuid4().hex}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}".encode())
        return f"{postgres_url}{'&' if '?' in postgres_url else '?'}options=-csearch_path%3D{name}"

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def location(request, tmp_path):
    """Make addresses of empty journals, in each of the two databases."""
    if request.param == "sqlite":
        return lambda: str(tmp_path / f"{uuid.uuid4().hex}.db")
    return request.getfixturevalue("new_postgres")


@pytest.fixture
def new_journal():
    """Open journals that are closed with the test."""
    with contextlib.ExitStack() as stack:

        def make(location, on_event=lambda _: None, on_commit=lambda _: None):
            journal = Journal(open_store(location), on_event=on_event, on_commit=on_commit)
            stack.callback(journal.close)
            return journal

        yield make
