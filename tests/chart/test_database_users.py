# ruff: noqa: S608 - statements of constants
"""The users of the bundled PostgreSQL, made by the chart's own file on a real server."""

import contextlib
import os
import subprocess
from urllib.parse import quote

import psycopg
import pytest

from tests.chart.rendering import CHART
from tests.postgres import own_server
from tests.processes import run
from webhook.journal import Journal, open_store

USERS = {"app": "oims_app", "webhook": "oims_webhook"}
SETTINGS = {
    "OIMS_APP_USER": USERS["app"],
    "OIMS_WEBHOOK_USER": USERS["webhook"],
    "OIMS_APP_PASSWORD": "of the app's own",
    "OIMS_WEBHOOK_PASSWORD": 'of "the" webhook\\',
}
TABLES = {"app": "public.incidents", "webhook": "oims_webhook.journal_events"}


@pytest.fixture
def server():
    with own_server() as running:
        yield running


@pytest.fixture
def make_roles(server):
    """Run the file as the pod does."""

    def make():
        file = CHART / "files/postgres/roles.sql"
        done = subprocess.run(
            [server.bin_path / "psql", "--quiet", "--no-psqlrc", server.get_uri("postgres"), "--file", file],
            env=os.environ | SETTINGS, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")

    return make


def address(server, user):
    return f"{server.get_uri('postgres')}&user={quote(user)}"


def migrate(url):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OIMS_")}
    done = run("app", "migrate", env=clean | {"OIMS_DATABASE_URL": url, "OIMS_SECRET_KEY": "k" * 32})
    assert done.returncode == 0, done.stderr


def journal_id(url):
    with contextlib.closing(
        Journal(open_store(url), on_event=lambda _: None, on_commit=lambda _: None)
    ) as journal:
        return journal.state().journal_id


def refused(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


@pytest.mark.threat("T43")
def test_each_part_works_on_its_own_tables_and_sees_nothing_of_the_others(server, make_roles):
    make_roles()
    app, webhook = (address(server, USERS[part]) for part in ("app", "webhook"))
    migrate(app)
    assert journal_id(webhook) == journal_id(webhook)

    make_roles()

    for url, own, other in ((app, "app", "webhook"), (webhook, "webhook", "app")):
        assert not refused(url, f"SELECT * FROM {TABLES[own]}")
        for statement in (
            f"SELECT * FROM {TABLES[other]}",
            f"DELETE FROM {TABLES[other]}",
            f"DROP TABLE {TABLES[other]}",
            f"CREATE TABLE {TABLES[other]}_too (id integer)",
            f"SET ROLE {USERS[other]}",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT rolpassword FROM pg_authid",
        ):
            assert refused(url, statement), (own, statement)


def test_a_database_with_one_user_for_all_keeps_its_data_after_a_rollback(server, make_roles):
    one = server.get_uri("postgres")
    migrate(one)
    before = journal_id(one)

    make_roles()

    migrate(address(server, USERS["app"]))
    assert journal_id(address(server, USERS["webhook"])) == before
    assert refused(address(server, USERS["webhook"]), "SELECT * FROM public.incidents")
    migrate(one)
    assert journal_id(one) == before
