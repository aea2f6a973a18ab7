"""WebAuthn challenges: random, kept in the browser's signed cookie, for one purpose, answered once."""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flask import session
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, generate_challenge

from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records.factors import UsedChallenge

VALID_FOR = timedelta(minutes=5)
TOO_LATE = "This took too long, or was answered already. Try again."


class Purpose(StrEnum):
    """What the answer to a challenge is for; it is worth nothing elsewhere."""

    ADD = "add"
    STEP = "step"
    LOG_IN = "log-in"


def give(purpose: Purpose, user_id: int | None) -> bytes:
    """Return a new challenge for this browser; the one before is forgotten."""
    challenge = generate_challenge()
    ends = (now() + VALID_FOR).timestamp()
    session["challenge"] = [purpose.value, user_id, bytes_to_base64url(challenge), ends]
    return challenge


def take(purpose: Purpose, user_id: int | None) -> bytes:
    """Return the challenge that this browser was given, and use it up, whatever the answer is worth.

    The cookie could be played again, so the database says what was used.

    Raises:
        InvalidInput: there is none for this purpose and person, it has expired, or it was answered before.

    """
    given = session.pop("challenge", None)
    if given is None or given[:2] != [purpose.value, user_id]:
        raise InvalidInput(TOO_LATE)
    challenge, ends = base64url_to_bytes(given[2]), datetime.fromtimestamp(given[3], UTC)
    if ends <= now() or not _is_first(challenge, ends):
        raise InvalidInput(TOO_LATE)
    return challenge


def delete_ended() -> None:
    """Forget used challenges that would be refused as expired anyway."""
    with transaction():
        db.session.execute(delete(UsedChallenge).where(UsedChallenge.expires_at < now()))


def _is_first(challenge: bytes, ends: datetime) -> bool:
    digest = hashlib.sha256(challenge).hexdigest()
    try:
        with transaction():
            statement = select(UsedChallenge.challenge_hash).where(UsedChallenge.challenge_hash == digest)
            if db.session.scalar(statement) is not None:
                return False
            db.session.add(UsedChallenge(challenge_hash=digest, expires_at=ends))
    except IntegrityError:  # two answers at the same moment
        return False
    return True
