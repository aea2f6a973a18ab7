"""A new secret key: with the old one named, what is encrypted stays readable and is encrypted anew."""

from collections.abc import Callable

from flask import Flask

from app import provision
from app.config import Settings
from app.database import transaction
from app.ops.sealed import COLUMNS
from app.outgoing import queries, service
from app.records import tables
from app.records.actors import SYSTEM
from app.vault import Purpose
from tests.app.conftest import SECRET_KEY

NEW_KEY = "fedcba9876543210fedcba9876543210"


def test_what_the_old_key_encrypted_is_readable_and_encrypted_anew(
    make_settings: Callable[..., Settings], make_app: Callable[[Settings], Flask]
) -> None:
    with make_app(make_settings()).app_context():
        service.create(name="Status page", url="https://example.org/a", actor=SYSTEM)
    both = make_settings(secret_key=NEW_KEY, secret_key_old=SECRET_KEY)
    with make_app(both).app_context():
        assert service.address_of(queries.get(1)) == "https://example.org/a"
        before = queries.get(1).url_sealed
        provision.migrate(both)
        once = queries.get(1).url_sealed
        assert once != before
        provision.migrate(both)
        assert queries.get(1).url_sealed == once, "it is encrypted anew once"
    alone = both.model_copy(update={"secret_key_old": None})
    with make_app(alone).app_context():
        assert service.address_of(queries.get(1)) == "https://example.org/a"


def test_what_no_key_opens_is_left_alone(
    make_settings: Callable[..., Settings], make_app: Callable[[Settings], Flask]
) -> None:
    settings = make_settings(secret_key_old=NEW_KEY)
    with make_app(settings).app_context():
        service.create(name="Status page", url="https://example.org/a", actor=SYSTEM)
        with transaction():
            queries.get(1).url_sealed = "damaged"
        provision.migrate(settings)
        assert queries.get(1).url_sealed == "damaged"
        assert service.address_of(queries.get(1)) == ""


def test_every_column_that_is_encrypted_is_known() -> None:
    sealed = {
        (table.name, column.name)
        for table in tables.metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.name
    }
    known = {(model.__tablename__, name) for model, name, _ in COLUMNS}
    assert sealed <= known
    assert {purpose for _, _, purpose in COLUMNS} == set(Purpose)
