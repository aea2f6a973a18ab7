"""Codes, challenges and half log-ins count once, for requests at the same moment too: on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyotp
import pytest
from flask import Flask, session

from app.accounts.factors import challenges, pending, recovery, service, totp
from app.accounts.factors.challenges import Purpose
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records.accounts import User
from app.records.factors import Factor, FactorKind, PendingLogIn

AT_ONCE = 4


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def code(alice: User) -> str:
    """The code of this moment of an app of Alice's."""
    sealed = totp.propose(alice.id)
    with transaction():
        db.session.add(Factor(user_id=alice.id, kind=FactorKind.APP, name="Phone", secret=sealed))
    return pyotp.TOTP(totp.secret_of(sealed, alice.id)).at(now())


def at_once(app: Flask, act: Callable[[], bool]) -> int:
    """Do this in several requests at the same moment; return how many succeeded."""
    start = Barrier(AT_ONCE)

    def one(_number: int) -> bool:
        with app.test_request_context():
            start.wait(30)
            return act()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, range(AT_ONCE)))


def test_a_code_gets_one_request_in(app: Flask, alice: User, code: str) -> None:
    user_id = alice.id
    assert at_once(app, lambda: totp.take(user_id, code) is not None) == 1


def test_a_recovery_code_gets_one_request_in(app: Flask, alice: User) -> None:
    user_id = alice.id
    with transaction():
        first = recovery.make(user_id)[0]
    db.session.remove()
    assert at_once(app, lambda: recovery.take(user_id, first)) == 1


def test_a_challenge_is_answered_once(app: Flask, alice: User) -> None:
    user_id = alice.id
    with app.test_request_context():
        challenges.give(Purpose.STEP, user_id)
        given = session["challenge"]

    def answer() -> bool:
        session["challenge"] = given
        try:
            challenges.take(Purpose.STEP, user_id)
        except InvalidInput:
            return False
        return True

    assert at_once(app, answer) == 1


def test_a_half_log_in_becomes_one_session(app: Flask, alice: User, code: str) -> None:
    del code
    user = alice
    with app.test_request_context():
        pending.admit(user, "/")
        token = session[pending.COOKIE]

    def finish() -> bool:
        session[pending.COOKIE] = token
        waiting = pending.current()
        return waiting is not None and pending.end(waiting)

    assert at_once(app, finish) == 1
    with app.app_context():
        assert db.session.query(PendingLogIn).count() == 0


def test_secrets_of_one_account_or_key_open_nothing_elsewhere(app: Flask, alice: User, bob: User) -> None:
    sealed = totp.propose(alice.id)
    with pytest.raises(InvalidInput):
        totp.secret_of(sealed, bob.id)
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(
        update={"secret_key": type(app.config["SETTINGS"].secret_key)("y" * 32)}
    )
    with pytest.raises(InvalidInput):
        totp.secret_of(sealed, alice.id)
    assert not service.has_any(alice.id)
