"""Recovery codes: ten at a time, shown once, kept as hashes, each good for one log-in."""

import hashlib
import secrets

from sqlalchemy import CursorResult, delete, func, select, update

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.records.factors import RecoveryCode

COUNT = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters and digits that look alike."""
GROUPS, GROUP = 4, 4
"""16 characters of 31 are 79 bits: nobody guesses one, so a plain hash keeps it."""


def make(user_id: int) -> list[str]:
    """Return new codes, and forget all older ones; call it inside a transaction."""
    codes = [_code() for _ in range(COUNT)]
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.add_all(RecoveryCode(user_id=user_id, code_hash=_digest(user_id, code)) for code in codes)
    return codes


def left(user_id: int) -> int:
    """Return how many codes are unused."""
    statement = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(statement) or 0


def take(user_id: int, code: str) -> bool:
    """Say whether this is an unused code of the person, and use it up: one conditional UPDATE."""
    with transaction():
        used: CursorResult[None] = db.session.execute(  # type: ignore[assignment]
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.code_hash == _digest(user_id, code),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=now())
        )
        return used.rowcount == 1


def _code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def _digest(user_id: int, code: str) -> str:
    plain = "".join(c for c in code.lower() if c in ALPHABET)
    return hashlib.sha256(f"{user_id}:{plain}".encode()).hexdigest()
