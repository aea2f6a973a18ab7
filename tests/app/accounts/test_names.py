"""Names: no two look alike, and none is that of a role, of the automation or of the system."""

# ruff: noqa: RUF001 - letters that look alike are what is tested

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app import provision
from app.accounts import names, password_login, service
from app.config import Settings
from app.errors import InvalidInput
from app.extensions import db
from app.records.accounts import User
from app.records.operations import AuditEvent
from tests.app.conftest import PASSWORD

LIKE_ALICE = [
    "alice",
    "ALICE",
    " Alice ",
    "A\u200blice",
    "Аlice",
    "Αlice",
    "Ａｌｉｃｅ",
    "𝐀𝐥𝐢𝐜𝐞",
    "AIice",
    "A1ice",
    "Al\u0456ce",
    "Alice.",
    "(Alice)",
    "Alice\u3164",
    "Al\u115fi\uffa0ce",
]


@pytest.mark.parametrize("name", LIKE_ALICE)
@pytest.mark.threat("T35")
def test_a_name_that_looks_like_somebody_elses_is_refused(alice: User, bob: User, name: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.change_profile(bob.id, name=name, timezone="UTC")
    assert refusal.value.errors[0]["field"] == "name"
    service.change_profile(alice.id, name="Alice A.", timezone="UTC")


@pytest.mark.parametrize(
    "name",
    [
        *("Administrator", "admin", "ADMINS", "Аutomation", "OIMS", "0IMS", "Alertmanager", "Alertrnanager"),
        *("system", "Syst\u0435m", "command line", "single sign-on", "somebody", "responder", "viewer"),
    ],
)
@pytest.mark.threat("T35")
def test_a_name_of_a_role_or_of_the_system_is_refused(alice: User, name: str) -> None:
    with pytest.raises(InvalidInput):
        service.change_profile(alice.id, name=name, timezone="UTC")


@pytest.mark.parametrize("name", ["bob@example.org", "Bob <bob@example.org>", "root@example.org"])
def test_an_address_that_is_not_ones_own_is_no_name(alice: User, name: str) -> None:
    with pytest.raises(InvalidInput):
        service.change_profile(alice.id, name=name, timezone="UTC")


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u2800\u200d", "—"])
@pytest.mark.threat("T35")
def test_a_name_that_nobody_can_read_is_refused(alice: User, name: str) -> None:
    with pytest.raises(InvalidInput):
        service.change_profile(alice.id, name=name, timezone="UTC")
    assert names.free(name, email="eve@example.org") == "eve@example.org"


@pytest.mark.usefixtures("alice")
@pytest.mark.threat("T35")
def test_a_name_that_a_provider_gives_is_cleaned_as_one_that_is_typed() -> None:
    assert (
        names.free("Eve\x00\x1b[2J \u202enimdA\n", email="eve@example.org")
        == "Eve\ufffd\ufffd[2J \ufffdnimdA"
    )


@pytest.mark.parametrize(
    "name", ["Alicia", "Al", "Ålice", "李雷", "Мария", "Bob O'Neil", "Iris", "alice@example.org"]
)
def test_other_names_are_as_good_as_before(alice: User, name: str) -> None:
    service.change_profile(alice.id, name=name, timezone="UTC")
    assert service.get(alice.id).name == name


def test_accounts_of_before_keep_working_and_clashing_names_get_a_number(
    app: Flask, alice: User, bob: User, make_settings: Callable[..., Settings]
) -> None:
    old: list[tuple[int, str]] = [(alice.id, "Sam"), (bob.id, "Ѕаm")]
    vera = service.register(email="vera@example.org", name="Vera", password=PASSWORD, status=alice.status)
    for user_id, name in [*old, (vera.id, "Administrator")]:
        db.session.execute(update(User).where(User.id == user_id).values(name=name, name_key=None))
    db.session.commit()
    assert password_login.authenticate(email=vera.email, password=PASSWORD, address="192.0.2.1").id == vera.id
    for _ in range(2):
        provision.migrate(make_settings())
    found = [service.get(user.id).name for user in (alice, bob, vera)]
    assert found == ["Sam", "Ѕаm (2)", "Administrator (2)"]
    renamed: Any = db.session.query(AuditEvent).filter_by(kind="user_renamed").all()
    assert [event.actor_name for event in renamed] == ["settings", "settings"]
    assert password_login.authenticate(email=vera.email, password=PASSWORD, address="192.0.2.1").id == vera.id


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=80))
def test_folding_is_stable_and_fits_its_column(name: str) -> None:
    folded = names.key(name)
    assert len(folded) <= names.MAX_KEY
    assert names.key(folded) == folded or names.key(names.key(folded)) == names.key(folded)
    assert names.key(name.upper()) == names.key(name.upper().lower()) or not name.isascii()


@pytest.mark.parametrize("name", ["\ufdfa" * 100_000, "a\u0301" * 50_000, "l" * 100_000])
def test_folding_a_long_text_is_quick(name: str) -> None:
    start = time.thread_time()
    names.key(name)
    assert time.thread_time() - start < 5
