"""Logging in: the same answer for everybody who can't, and brakes on guessing."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from app.accounts import password_login, passwords, service, throttle
from app.clock import now
from app.errors import InvalidInput, TooManyAttempts, Unauthorized
from app.records.accounts import User, UserStatus
from app.records.actors import SYSTEM
from tests.app.conftest import PASSWORD


def log_in(email: str = "alice@example.org", password: str = PASSWORD, address: str = "192.0.2.1") -> User:
    return password_login.authenticate(email=email, password=password, address=address)


@pytest.mark.threat("T21")
def test_wrong_password_unknown_person_and_switched_off_account_get_the_same_answer(
    alice: User, bob: User
) -> None:
    service.change_status(bob.id, status=UserStatus.DISABLED, by=SYSTEM)
    answers = set()
    for email, password in [
        ("alice@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("bob@example.org", PASSWORD),
        ("alice@example.org", "x" * 2000),
    ]:
        with pytest.raises(Unauthorized) as refusal:
            log_in(email, password)
        answers.add(refusal.value.detail)
    assert len(answers) == 1


@pytest.mark.threat("T18")
def test_guessing_is_braked_per_account_and_the_brake_lets_go(alice: User) -> None:
    for number in range(throttle.PER_ACCOUNT.capacity):
        with pytest.raises(Unauthorized):
            log_in(password="wrong", address=f"192.0.2.{number}")
    with pytest.raises(TooManyAttempts) as refusal:
        log_in()
    assert int(refusal.value.headers["Retry-After"]) > 0
    with time_machine.travel(now() + timedelta(minutes=31), tick=False):
        assert log_in().id == alice.id


def test_a_hash_of_old_parameters_is_renewed(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    old = alice.password_hash
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(2, 16, 1))
    assert log_in().password_hash != old
    assert log_in().id == alice.id


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaaaaa", "Password1234", "passwordpassword", "x" * 1025, "carol@example.org"],
)
def test_a_weak_password_is_refused(password: Any) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.register(email="carol@example.org", name="Carol", password=password, status=UserStatus.ACTIVE)
    assert refusal.value.errors[0]["field"] == "password"
