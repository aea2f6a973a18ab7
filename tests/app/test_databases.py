"""The databases themselves: commits that last, and the server on which the persistence tests run."""

import psycopg
import pytest
from sqlalchemy import text

from app.extensions import db
from tests.app import databases


def test_a_given_server_lends_a_database_and_has_it_no_more_afterwards(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(databases.GIVEN, postgres)
    with databases.postgres_database() as url, psycopg.connect(url) as connection:
        name = connection.info.dbname
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)
    with psycopg.connect(postgres) as connection:
        known = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert name.startswith("oims_test_")
    assert (name,) not in known


def test_what_the_app_commits_to_sqlite_is_on_disk_when_it_answers(context: None) -> None:
    full = 2
    assert db.session.execute(text("PRAGMA synchronous")).scalar() == full
