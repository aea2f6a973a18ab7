"""Brakes on guessing and flooding: token buckets in the database, shared by all replicas.

What is braked takes a token from each of its buckets, in one step and before any work is done; tokens come
back evenly. A guess from an unknown browser counts for its account from that network, for the account, and
for the network. A browser that has logged in to the account before has one bucket of its own instead: who
guesses elsewhere, or shares the address, does not lock it out.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from prometheus_client import Counter
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from app.clock import now
from app.database import transaction
from app.errors import TooManyAttempts
from app.extensions import db
from app.records import audit
from app.records.account_entries import AttemptsRefused
from app.records.accounts import LoginThrottle
from app.records.actors import SOMEBODY


class Door(StrEnum):
    """Where somebody is braked."""

    LOGIN = "login"
    SECOND_STEP = "second_step"
    CONFIRMATION = "confirmation"
    RESET = "reset"
    REGISTRATION = "registration"


class Brake(NamedTuple):
    """A bucket's capacity and refill time."""

    kind: str
    capacity: int
    period: timedelta


type Subject = tuple[Brake, str]
"""A brake, and the account, device or network it is put on."""

PER_DEVICE = Brake("device", 10, timedelta(minutes=30))
PER_SESSION = Brake("session", 10, timedelta(minutes=30))
PER_ACCOUNT_AND_NETWORK = Brake("account-and-network", 10, timedelta(minutes=30))
PER_ACCOUNT = Brake("account", 30, timedelta(hours=1))
PER_NETWORK = Brake("address", 300, timedelta(hours=1))
CODES_PER_ACCOUNT = Brake("code-account", 10, timedelta(minutes=30))
RESETS_PER_ACCOUNT = Brake("reset-account", 3, timedelta(hours=1))
RESETS_PER_NETWORK = Brake("reset-address", 20, timedelta(hours=1))
REGISTRATIONS_PER_ACCOUNT = Brake("registration-account", 3, timedelta(hours=1))
REGISTRATIONS_PER_NETWORK = Brake("registration-address", 20, timedelta(hours=1))

IPV6_NETWORK = 64
"""The bits of an IPv6 address that a provider gives to one customer; the rest is theirs to choose."""

REFUSALS = Counter("oims_brake_refusals", "Attempts refused by a brake.", ["door"], registry=None)
for _door in Door:
    REFUSALS.labels(_door)


def network(address: str) -> str:
    """Return what one sender's addresses have in common: the /64 of IPv6, else the address itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, IPV6_NETWORK), strict=False))


def log_in(email: str, address: str, device: str = "") -> tuple[Subject, ...]:
    """Return the brakes on guessing a password; ``device`` names a browser known to this account."""
    if device:
        return ((PER_DEVICE, f"{email} {device}"),)
    place = network(address)
    return (PER_ACCOUNT_AND_NETWORK, f"{email} {place}"), (PER_ACCOUNT, email), (PER_NETWORK, place)


def second_step(user_id: int, address: str) -> tuple[Subject, ...]:
    """Return the brakes on guessing a second factor; who tries has proved the first one."""
    return (CODES_PER_ACCOUNT, str(user_id)), (PER_NETWORK, network(address))


def take(door: Door, *subjects: Subject) -> None:
    """Take a token from each bucket, or from none and say how long to wait. Not inside a transaction.

    Raises:
        TooManyAttempts: a bucket is empty.

    """
    moment, wait = now(), 0
    with transaction():
        rows = _locked(subjects, moment)
        for (brake, _), row in zip(subjects, rows, strict=True):
            row.tokens, row.updated_at = _level(row, brake, moment), moment
            if row.tokens < 1:
                wait = max(wait, int((1 - row.tokens) * brake.period.total_seconds() / brake.capacity) + 1)
        if wait:
            _report(door, subjects, rows, moment)
        else:
            for row in rows:
                row.tokens -= 1
    if wait:
        REFUSALS.labels(door).inc()
        raise TooManyAttempts("Too many attempts. Wait some minutes, then try again.", wait)


def give_back(*subjects: Subject) -> None:
    """Return the tokens of an attempt that turned out to be no guess."""
    moment = now()
    with transaction():
        for (brake, _), row in zip(subjects, _locked(subjects, moment), strict=True):
            row.tokens = min(float(brake.capacity), _level(row, brake, moment) + 1)
            row.updated_at = moment


def _locked(subjects: Sequence[Subject], moment: datetime) -> list[LoginThrottle]:
    """Return the buckets, full ones made where there are none, locked in one order for everybody."""
    made = {_key(brake, value): float(brake.capacity) for brake, value in subjects}
    full = [{"key": key, "tokens": made[key], "updated_at": moment} for key in sorted(made)]
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    db.session.execute(insert(LoginThrottle).values(full).on_conflict_do_nothing())
    statement = select(LoginThrottle).where(LoginThrottle.key.in_(made)).order_by(LoginThrottle.key)
    options = {"populate_existing": True}
    found = {
        row.key: row for row in db.session.scalars(statement.with_for_update(), execution_options=options)
    }
    return [found[_key(brake, value)] for brake, value in subjects]


def _report(door: Door, subjects: Sequence[Subject], rows: Sequence[LoginThrottle], moment: datetime) -> None:
    """Audit a refusal, once per bucket and period: the trail must not grow with the attack."""
    for (brake, _), row in zip(subjects, rows, strict=True):
        is_told = row.refused_at is not None and moment - row.refused_at < brake.period
        if row.tokens < 1 and not is_told:
            row.refused_at = moment
            summary = f"Too many attempts at {door}; further ones are refused for a while."
            audit.record(AttemptsRefused(door=door, brake=brake.kind, bucket=row.key[:16]), SOMEBODY, summary)


def _key(brake: Brake, value: str) -> str:
    return hashlib.sha256(f"{brake.kind}:{value}".encode("utf-8", "replace")).hexdigest()


def _level(row: LoginThrottle, brake: Brake, moment: datetime) -> float:
    # A clock that was set back must not take away what is left.
    back = max(timedelta(), moment - row.updated_at) / brake.period * brake.capacity
    return min(float(brake.capacity), row.tokens + back)
