"""Brakes on guessing passwords: a token bucket per account and per address, in the database.

Each failure takes a token; tokens come back evenly. Checked before anything is hashed.
"""

import hashlib
from datetime import timedelta

from app.accounts.models import LoginThrottle
from app.clock import now
from app.database import transaction
from app.errors import TooManyAttempts
from app.extensions import db

PER_ACCOUNT = (10, timedelta(minutes=30))
"""So many failures at once, and the time in which all of them come back."""
PER_ADDRESS = (50, timedelta(hours=1))


def check(email: str, address: str) -> None:
    """Let the attempt through, or say how long to wait.

    Raises:
        TooManyAttempts: a bucket is empty.

    """
    for key, (capacity, period) in _buckets(email, address):
        left = _level(db.session.get(LoginThrottle, key), capacity, period)
        if left < 1:
            wait = int((1 - left) * period.total_seconds() / capacity) + 1
            raise TooManyAttempts("Too many failed log-ins. Wait some minutes, then try again.", wait)


def count_failure(email: str, address: str) -> None:
    """Take a token from both buckets."""
    with transaction():
        for key, (capacity, period) in _buckets(email, address):
            row = db.session.get(LoginThrottle, key, with_for_update=True)
            level = max(0.0, _level(row, capacity, period) - 1)
            db.session.merge(LoginThrottle(key=key, tokens=level, updated_at=now()))


def _buckets(email: str, address: str) -> list[tuple[str, tuple[int, timedelta]]]:
    return [(_key("account", email), PER_ACCOUNT), (_key("address", address), PER_ADDRESS)]


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()


def _level(row: LoginThrottle | None, capacity: int, period: timedelta) -> float:
    if row is None:
        return float(capacity)
    back = (now() - row.updated_at) / period * capacity
    return min(float(capacity), row.tokens + back)
