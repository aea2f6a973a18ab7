"""A PostgreSQL that accepts and is silent hangs nobody for good, and what used it recovers by itself."""

import time

import psycopg
import pytest

from app.config import Settings
from app.extensions import db
from app.factory import create_app
from contract import postgres
from tests.app.conftest import migrate
from tests.faults.silence import Proxy, frozen
from tests.postgres import own_server
from tests.waiting import until
from webhook.journal.store import PostgresStore, StoreError

SECRET_KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_S = 2.5


@pytest.fixture(scope="module")
def server_url():
    with own_server() as server:
        url = server.get_uri("postgres")
        migrate(url)
        yield url


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(postgres.Connection, "patience", PATIENCE_S)


@pytest.fixture
def proxy(server_url):
    proxy = Proxy(server_url)
    yield proxy
    proxy.end()


@pytest.fixture
def client(proxy):
    app = create_app(Settings(database_url=proxy.url, secret_key=SECRET_KEY))
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


def asked(client, path):
    """The status, and the seconds until it came."""
    started = time.monotonic()
    return client.get(path).status_code, time.monotonic() - started


def tells_within_two_seconds(client):
    status, seconds = asked(client, "/readyz")
    assert status == 503
    assert seconds < 2
    assert asked(client, "/healthz")[0] == 200


def recovers(client):
    until(lambda: asked(client, "/readyz")[0] == 200, 90)
    until(lambda: asked(client, "/login")[0] == 200, 90)


def test_the_app_outlives_silence_in_the_middle_of_a_connection(client, proxy):
    assert asked(client, "/readyz")[0] == asked(client, "/login")[0] == 200
    proxy.is_silent = True
    tells_within_two_seconds(client)
    assert asked(client, "/login")[0] == 503
    tells_within_two_seconds(client)
    proxy.is_silent = False
    recovers(client)


@pytest.mark.fault("F17")
def test_the_app_outlives_silence_from_the_beginning(client, proxy):
    proxy.is_silent = True
    tells_within_two_seconds(client)
    assert asked(client, "/login")[0] == 503
    proxy.is_silent = False
    recovers(client)


def test_the_app_outlives_a_frozen_server(client, server_url):
    assert asked(client, "/login")[0] == 200
    with frozen(server_url):
        tells_within_two_seconds(client)
        assert asked(client, "/login")[0] == 503
    recovers(client)


@pytest.mark.fault("F17")
def test_the_journal_outlives_silence(proxy):
    store = PostgresStore(lambda: proxy.url)
    with store.transaction() as execute:
        execute("SELECT 1")
    proxy.is_silent = True
    for _ in range(2):
        with pytest.raises(StoreError) as refused, store.transaction():
            pass
        assert refused.value.reason == "unreachable"
    proxy.is_silent = False
    with store.transaction() as execute:
        assert execute("SELECT 1") == [(1,)]
    store.close()


def test_a_server_ends_a_statement_that_takes_too_long(client, proxy, monkeypatch):
    with client.application.app_context():
        (shown,) = db.session.execute(db.text("SHOW statement_timeout")).one()
        db.session.remove()
    assert shown == f"{postgres.STATEMENT_S}s"


def test_no_network_setting_of_the_operator_is_overridden(proxy):
    url = f"{proxy.url}?connect_timeout=7"
    app = create_app(Settings(database_url=url, secret_key=SECRET_KEY))
    with app.app_context():
        driver = db.session.connection().connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        assert driver.info.get_parameters()["connect_timeout"] == "7"
        db.session.remove()
        db.engine.dispose()
