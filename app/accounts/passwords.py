"""Passwords: argon2id, rehashed when the parameters grow, checked in the same time for unknown people."""

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.accounts.gate import QUEUE_PER_SLOT, Gate, half_the_cores
from app.errors import InvalidInput

MIN_LENGTH = 8
"""The least that is allowed; pages advise more. No rules of composition: they make passwords worse."""
MAX_LENGTH = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_gate = Gate(half_the_cores(), half_the_cores() * QUEUE_PER_SLOT)


def check_new(password: str, *, email: str = "", name: str = "") -> None:
    """Refuse a password that is too short, too long or easy to guess.

    Raises:
        InvalidInput: with the sentence for the form.

    """
    lowered = password.lower()
    message = ""
    if len(password) < MIN_LENGTH:
        message = f"Use at least {MIN_LENGTH} characters; three words or more are better."
    elif len(password) > MAX_LENGTH:
        message = f"Use at most {MAX_LENGTH} characters."
    elif len(set(lowered)) < 5 or _is_easy(lowered):  # noqa: PLR2004
        message = "This password is easy to guess. Use a few words that don't belong together."
    elif lowered in {email.lower(), name.lower()}:
        message = "Don't use your name or address as the password."
    if message:
        raise InvalidInput(message, [{"field": "password", "message": message}])


def hash_password(password: str) -> str:
    """Return the argon2id hash.

    Raises:
        Unavailable: too many are being computed already; log-ins can't exhaust memory and cores.

    """
    with _gate.entered():
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether the password fits; takes the same time when there is no hash to compare with.

    Raises:
        Unavailable: too many are being compared already.

    """
    if len(password) > MAX_LENGTH:
        return False
    with _gate.entered():
        try:
            return _hasher.verify(stored or _nobody(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def _is_easy(lowered: str) -> bool:
    """Say whether a password is much used, is one with digits at its end, or one written twice."""
    half = lowered[: len(lowered) // 2]
    stem = lowered.rstrip("0123456789!?.#$")
    return not _common().isdisjoint({lowered, stem, half if half * 2 == lowered else lowered})


@cache
def _common() -> frozenset[str]:
    """Return the most used passwords that are long enough, and those that name this product's things."""
    text = (Path(__file__).parent / "common" / "passwords.txt").read_text(encoding="ascii")
    return frozenset({*text.split(), "incident", "incidents", "oimsoims"})
