"""One head, from empty and from all before, and the tables are what the models say: on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from app import provision
from app.config import Settings
from app.database import MIGRATIONS
from app.extensions import db
from app.incidents import queries, service
from app.records import tables
from app.records.actors import SYSTEM
from app.records.lifecycle import State
from tests.app import databases


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_there_is_one_head() -> None:
    assert len(scripts().get_heads()) == 1


@pytest.mark.usefixtures("context")
@pytest.mark.compatible("C5", "C6")
def test_the_migrated_schema_is_what_the_models_say() -> None:
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, tables.metadata) == []


@pytest.mark.usefixtures("context")
def test_older_code_serves_and_migrates_on_a_newer_schema(client: FlaskClient, settings: Settings) -> None:
    """A rollback of the code must come up on the schema that the newer code has left."""
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    assert client.get("/readyz").status_code == 200
    provision.migrate(settings)
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999_of_tomorrow"


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty database beside the migrated one."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/empty.db"
    else:
        with databases.database_on(database_url) as url:
            yield url


def columns() -> set[tuple[str, str]]:
    """Return what the tables have: a table and a column each."""
    found = inspect(db.engine)
    return {
        (table, column["name"]) for table in found.get_table_names() for column in found.get_columns(table)
    }


AN_OLD_INCIDENT = """
    INSERT INTO incidents (title, description, state, severity, source, labels, annotations, is_firing,
                           opened_at, updated_at, version)
    VALUES ('Of old', '', 'open', 'high', 'person', '{}', '{}', false,
            '2026-01-02 03:04:05.000+00:00', '2026-01-02 03:04:05.000+00:00', 1)
"""


def test_each_step_from_the_first_version_on_only_adds_and_keeps_what_was_there(
    empty_url: str, make_settings: Callable[..., Settings], make_app: Callable[[Settings], Flask]
) -> None:
    first, *later = [step.revision for step in reversed(list(scripts().walk_revisions()))]
    with make_app(make_settings(database_url=empty_url)).app_context():
        flask_migrate.upgrade(revision=first)
        with db.engine.begin() as connection:
            connection.execute(text(AN_OLD_INCIDENT))
        there = columns()
        for revision in later:
            flask_migrate.upgrade(revision=revision)
            assert there <= columns(), f"{revision} takes something away from the code before it"
            there = columns()
        assert queries.get(1).title == "Of old"
        assert service.acknowledge(1, actor=SYSTEM).state is State.ACKNOWLEDGED
