"""A real PostgreSQL, for tests that are about what both databases must do alike."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import make_url

from tests.postgres import own_server

GIVEN = "TEST_POSTGRES_URL"
"""Names a server on which the tests may make databases, as a superuser; else they run one of their own."""


@contextmanager
def postgres_database() -> Iterator[str]:
    """Give the URL of an empty database on a real server."""
    if given := os.environ.get(GIVEN):
        with database_on(given) as url:
            yield url
    else:
        with _quick_server() as server, database_on(server) as url:
            yield url


@contextmanager
def database_on(server_url: str) -> Iterator[str]:
    """Make an empty database on this server for as long as the block runs; its URL."""
    name = f"oims_test_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _quick_server() -> Iterator[str]:
    """Run a server that does not wait for the disk: words and locks are tested, and nobody pulls the plug."""
    with own_server() as server:
        url = server.get_uri("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


def keep_fresh(url: str) -> None:
    """Keep a copy of what the tables hold now, for ``make_fresh``."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(KEEP_FRESH)


def make_fresh(url: str) -> None:
    """Give the tables what they held at first, and end what is still connected.

    A database made and dropped for each test costs a second; emptied, it costs milliseconds.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(MAKE_FRESH)


KEEP_FRESH = """
    CREATE SCHEMA fresh;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('CREATE TABLE fresh.%I AS TABLE public.%I', name, name);
        END LOOP;
    END $$
"""
MAKE_FRESH = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;  -- no trigger and no reference stands in the way
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('DELETE FROM public.%I', name);
            EXECUTE format('INSERT INTO public.%I SELECT * FROM fresh.%I', name, name);
        END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
            PERFORM setval(format('public.%I', name), 1, false);
        END LOOP;
    END $$
"""
