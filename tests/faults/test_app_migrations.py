"""Several programs bring one database to this version at once, or while somebody else writes to it."""

import contextlib
import sqlite3
import threading
import time

import psycopg
import pytest

from tests.app.databases import postgres_database
from tests.app.server import ROOT
from tests.processes import Process, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
HELD_SECONDS = 20
"""Longer than a connection usually waits for SQLite's write lock."""


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'site.db'}"
        return
    with postgres_database() as url:
        yield url.replace("postgresql://", "postgresql+psycopg://", 1)


def environment(url, folder):
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "OIMS_DATABASE_URL": url,
        "OIMS_SECRET_KEY": "a-secret-key-of-the-tests-0123456789abcdef",
        "OIMS_BASE_URL": "http://127.0.0.1:5000",
        "OIMS_ADMIN_EMAIL": "root@example.org",
        "OIMS_ADMIN_PASSWORD": "a long first password",
        "OIMS_AUTOMATION_TOKEN": "an-automation-token-of-the-tests-0123456789",
    }


def rows(url, query):
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.mark.fault("F21")
def test_of_several_that_migrate_at_once_one_does_and_the_others_wait(database, tmp_path):
    outputs = [tmp_path / f"{n}.log" for n in range(4)]
    started = []
    for output in outputs:
        with output.open("wb") as log:
            started.append(
                Process(
                    "app",
                    "migrate",
                    env=environment(database, tmp_path),
                    cwd=tmp_path,
                    stdout=log,
                    stderr=log,
                )
            )

    assert [process.wait(200) for process in started] == [0] * 4, [path.read_text() for path in outputs]
    assert rows(database, "SELECT count(*) FROM users") == [(1,)]
    assert rows(database, "SELECT count(*) FROM api_tokens") == [(1,)]
    assert rows(database, "SELECT count(*) FROM alembic_version") == [(1,)]


@pytest.mark.fault("F21")
def test_it_waits_for_one_that_takes_long(database, tmp_path):
    """As a migration of a large database does, which holds the lock for more than a few seconds."""
    before = run("app", "migrate", env=environment(database, tmp_path), cwd=tmp_path, seconds=200)
    assert before.returncode == 0, before.stderr
    held, let_go = threading.Event(), threading.Event()
    holder = threading.Thread(target=hold, args=(database, held, let_go))
    holder.start()
    assert held.wait(30)
    threading.Timer(HELD_SECONDS, let_go.set).start()
    began = time.monotonic()

    done = run("app", "migrate", env=environment(database, tmp_path), cwd=tmp_path, seconds=200)

    holder.join()
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began >= HELD_SECONDS, "it waited"


def hold(url, held, let_go):
    """Hold the lock that a migration holds until told to let go."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(url.replace("+psycopg", "", 1))
        connection.execute("SELECT pg_advisory_xact_lock(6479100)")
    with contextlib.closing(connection):
        held.set()
        let_go.wait(60)
        connection.rollback()
