"""The brake on guessing: one step on both databases, and nobody is locked out by somebody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.accounts import devices, gate, password_login, passwords, throttle
from app.accounts.devices import Device
from app.clock import now
from app.errors import TooManyAttempts, Unauthorized, Unavailable
from app.extensions import db
from app.records.accounts import User
from app.records.operations import AuditEvent
from tests.app.conftest import PASSWORD

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def guess(email: str = "alice@example.org", address: str = HERE, device: Device | None = None) -> str:
    try:
        password_login.authenticate(email=email, password="wrong", address=address, device=device)
    except Unauthorized:
        return "guessed"
    except TooManyAttempts:
        return "braked"
    raise AssertionError("a wrong password opened the account")


def log_in(email: str = "alice@example.org", address: str = HERE, device: Device | None = None) -> int:
    return password_login.authenticate(email=email, password=PASSWORD, address=address, device=device).id


@pytest.mark.threat("T18")
def test_forty_guesses_at_once_are_exactly_as_many_as_the_bucket_holds(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_gate", gate.Gate(40, 40))
    hashed: list[bool] = []
    matches = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda *given: hashed.append(True) or matches(*given))

    def attempt(_number: int) -> str:
        with app.app_context():
            while True:
                try:
                    return guess()
                except OperationalError:  # a slow disk under forty writers: the page would say "try again"
                    db.session.rollback()
                finally:
                    db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(40) as pool:
        ends = list(pool.map(attempt, range(40)))
    capacity = throttle.PER_ACCOUNT_AND_NETWORK.capacity
    assert ends.count("guessed") == capacity
    assert ends.count("braked") == 40 - capacity
    assert len(hashed) == capacity, "braked before anything is hashed"


def test_guessing_elsewhere_does_not_lock_the_person_out(alice: User) -> None:
    while guess(address=ELSEWHERE) != "braked":
        pass
    assert log_in(address=HERE) == alice.id


def test_a_browser_that_logged_in_before_is_let_in_whatever_others_do(alice: User) -> None:
    device = Device("hers", (alice.id,))
    for number in range(throttle.PER_ACCOUNT.capacity):
        guess(address=f"203.0.113.{number}")
    while guess(address=HERE) != "braked":
        pass
    with pytest.raises(TooManyAttempts):
        log_in(address=HERE)
    assert log_in(address=HERE, device=device) == alice.id


def test_a_known_browser_guesses_no_more_than_a_stranger(alice: User) -> None:
    device = Device("stolen", (alice.id,))
    ends = [guess(device=device) for _ in range(15)]
    assert ends.count("guessed") == throttle.PER_DEVICE.capacity


def test_a_browser_known_to_another_account_is_a_stranger_to_this_one(alice: User, bob: User) -> None:
    ends = [guess(device=Device(f"mallory-{number}", (bob.id,))) for number in range(15)]
    assert ends.count("guessed") == throttle.PER_ACCOUNT_AND_NETWORK.capacity


def test_others_at_the_same_address_get_in_while_one_account_is_guessed_at(alice: User, bob: User) -> None:
    while guess() != "braked":
        pass
    assert log_in(bob.email) == bob.id


def test_right_passwords_use_nothing_up(alice: User) -> None:
    assert {log_in() for _ in range(15)} == {alice.id}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "192.0.2.1", False),
        ("no address", "192.0.2.1", False),
    ],
)
def test_a_network_is_a_64_of_ipv6_and_an_address_of_ipv4(one: str, other: str, *, is_same: bool) -> None:
    assert (throttle.network(one) == throttle.network(other)) is is_same


def test_all_addresses_of_an_ipv6_network_share_a_bucket(alice: User) -> None:
    ends = [guess(address=f"2001:db8::{number:x}") for number in range(1, 16)]
    assert ends.count("guessed") == throttle.PER_ACCOUNT_AND_NETWORK.capacity


def test_a_refusal_takes_nothing_and_the_bucket_fills_again(alice: User) -> None:
    while guess() != "braked":
        pass
    assert {guess() for _ in range(5)} == {"braked"}
    brake = throttle.PER_ACCOUNT_AND_NETWORK
    with time_machine.travel(now() + brake.period / brake.capacity + timedelta(seconds=1), tick=False):
        assert log_in() == alice.id


def test_refusals_are_counted_and_audited_once_not_without_end(alice: User) -> None:
    counter = throttle.REFUSALS.labels(throttle.Door.LOGIN)
    before = next(iter(counter.collect())).samples[0].value
    ends = [guess() for _ in range(30)]
    samples = next(iter(counter.collect())).samples
    assert samples[0].value - before == ends.count("braked") == 20
    (told,) = db.session.query(AuditEvent).filter_by(kind="attempts_refused").all()
    assert told.data["door"] == "login"
    assert "alice" not in str((told.summary, told.data))


def test_failed_log_ins_are_audited_without_what_was_typed(alice: User) -> None:
    for email in ("alice@example.org", "ALICE@example.org ", "my secret password"):
        guess(email)
    found = db.session.query(AuditEvent).filter_by(kind="login_failed").all()
    accounts = [event.data["account"] for event in found]
    assert accounts[0] == accounts[1] != accounts[2]
    assert {len(account) for account in accounts} == {16}
    assert {event.data["address"] for event in found} == {HERE}
    assert "alice" not in str([(event.summary, event.data, event.actor_name) for event in found])


@pytest.mark.threat("T18")
def test_hashes_beyond_the_queue_are_refused_at_once_and_the_guess_is_not_counted(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = gate.Gate(1, 0)
    monkeypatch.setattr(passwords, "_gate", full)
    with full.entered():
        for _ in range(throttle.PER_ACCOUNT_AND_NETWORK.capacity * 2):
            with pytest.raises(Unavailable) as refusal:
                log_in()
        assert int(refusal.value.headers["Retry-After"]) > 0
    assert log_in() == alice.id


def test_who_waits_for_a_hash_waits_a_bounded_time() -> None:
    narrow = gate.Gate(1, 1, wait_s=0.05)
    with narrow.entered(), pytest.raises(Unavailable), narrow.entered():
        pass
    with narrow.entered():
        pass


def test_a_cookie_that_nobody_signed_names_no_browser(app: Flask) -> None:
    for value in ("", "x", "eyJkZXZpY2UiOiJ4In0.forged", "a" * 5000):
        with app.test_request_context(headers={"Cookie": f"oims-device={value}"}):
            assert devices.current() is None


def test_logging_in_gives_the_browser_its_cookie(app: Flask, alice: User) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post("/login", data={"email": alice.email, "password": PASSWORD})
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("oims-device=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    client.post("/logout")
    for number in range(throttle.PER_ACCOUNT.capacity + 1):
        guess(address=f"203.0.113.{number}")
    stranger = app.test_client().post("/login", data={"email": alice.email, "password": PASSWORD})
    assert stranger.status_code == 429
    assert client.post("/login", data={"email": alice.email, "password": PASSWORD}).status_code == 303
