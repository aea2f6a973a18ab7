"""One head, from empty, and the tables are what the models say: on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask.testing import FlaskClient
from sqlalchemy import text

from app import models, provision
from app.config import Settings
from app.database import MIGRATIONS
from app.extensions import db


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def test_there_is_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


@pytest.mark.usefixtures("context")
def test_the_migrated_schema_is_what_the_models_say() -> None:
    with db.engine.connect() as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, models.metadata) == []


@pytest.mark.usefixtures("context")
def test_older_code_serves_and_migrates_on_a_newer_schema(client: FlaskClient, settings: Settings) -> None:
    """A rollback of the code must come up on the schema that the newer code has left."""
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    assert client.get("/readyz").status_code == 200
    provision.migrate(settings)
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999_of_tomorrow"
