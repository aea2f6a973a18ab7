"""Brakes on guessing and flooding: token buckets per account and per address, in the database.

What is braked takes a token from each of its buckets; tokens come back evenly. Passwords are braked before
anything is hashed.
"""

import hashlib
from datetime import timedelta
from typing import NamedTuple

from app.accounts.models import LoginThrottle
from app.clock import now
from app.database import transaction
from app.errors import TooManyAttempts
from app.extensions import db


class Brake(NamedTuple):
    """So many at once, and the time in which all of them come back."""

    kind: str
    capacity: int
    period: timedelta


type Subject = tuple[Brake, str]
"""A brake, and the account or address it is put on."""

PER_ACCOUNT = Brake("account", 10, timedelta(minutes=30))
PER_ADDRESS = Brake("address", 50, timedelta(hours=1))
CODES_PER_ACCOUNT = Brake("code-account", 10, timedelta(minutes=30))
RESETS_PER_ACCOUNT = Brake("reset-account", 3, timedelta(hours=1))
RESETS_PER_ADDRESS = Brake("reset-address", 20, timedelta(hours=1))
REGISTRATIONS_PER_ACCOUNT = Brake("registration-account", 3, timedelta(hours=1))
REGISTRATIONS_PER_ADDRESS = Brake("registration-address", 20, timedelta(hours=1))


def log_in(email: str, address: str) -> tuple[Subject, Subject]:
    """Return the brakes on guessing a password."""
    return (PER_ACCOUNT, email), (PER_ADDRESS, address)


def second_step(user_id: int, address: str) -> tuple[Subject, Subject]:
    """Return the brakes on guessing a second factor; who tries has proved the first one."""
    return (CODES_PER_ACCOUNT, str(user_id)), (PER_ADDRESS, address)


def check(*subjects: Subject) -> None:
    """Let the attempt through, or say how long to wait.

    Raises:
        TooManyAttempts: a bucket is empty.

    """
    for brake, value in subjects:
        left = _level(db.session.get(LoginThrottle, _key(brake, value)), brake)
        if left < 1:
            wait = int((1 - left) * brake.period.total_seconds() / brake.capacity) + 1
            raise TooManyAttempts("Too many attempts. Wait some minutes, then try again.", wait)


def count(*subjects: Subject) -> None:
    """Take a token from each bucket."""
    with transaction():
        for brake, value in subjects:
            key = _key(brake, value)
            row = db.session.get(LoginThrottle, key, with_for_update=True)
            level = max(0.0, _level(row, brake) - 1)
            db.session.merge(LoginThrottle(key=key, tokens=level, updated_at=now()))


def _key(brake: Brake, value: str) -> str:
    return hashlib.sha256(f"{brake.kind}:{value}".encode()).hexdigest()


def _level(row: LoginThrottle | None, brake: Brake) -> float:
    if row is None:
        return float(brake.capacity)
    # A clock that was set back must not take away what is left.
    back = max(0.0, (now() - row.updated_at) / brake.period * brake.capacity)
    return min(float(brake.capacity), row.tokens + back)
