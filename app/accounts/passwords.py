"""Passwords: argon2id, rehashed when the parameters grow, checked in the same time for unknown people."""

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InvalidInput

MIN_LENGTH = 12
MAX_LENGTH = 1024
HASHES_AT_ONCE = 2

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_slots = BoundedSemaphore(HASHES_AT_ONCE)


def check_new(password: str, *, email: str = "", name: str = "") -> None:
    """Refuse a password that is too short, too long or easy to guess.

    Raises:
        InvalidInput: with the sentence for the form.

    """
    lowered = password.lower()
    message = ""
    if len(password) < MIN_LENGTH:
        message = f"Use at least {MIN_LENGTH} characters; a few words are fine."
    elif len(password) > MAX_LENGTH:
        message = f"Use at most {MAX_LENGTH} characters."
    elif len(set(lowered)) < 5 or lowered in _common():  # noqa: PLR2004
        message = "This password is easy to guess. Use a few words that don't belong together."
    elif lowered in {email.lower(), name.lower()}:
        message = "Don't use your name or address as the password."
    if message:
        raise InvalidInput(message, [{"field": "password", "message": message}])


def hash_password(password: str) -> str:
    """Return the argon2id hash. At most two are computed at once, so that log-ins can't exhaust memory."""
    with _slots:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether the password fits; takes the same time when there is no hash to compare with."""
    if len(password) > MAX_LENGTH:
        return False
    with _slots:
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


@cache
def _common() -> frozenset[str]:
    """Return long passwords that people do choose; shorter ones are refused by their length."""
    words = (
        "password",
        "passwort",
        "qwertyuiop",
        "letmein",
        "welcome",
        "administrator",
        "changeme",
        "incident",
    )
    tails = (
        "",
        "1",
        "12",
        "123",
        "1234",
        "12345",
        "123456",
        "1234567",
        "12345678",
        "!",
        "1!",
        "2026",
        "2025",
    )
    doubled = {word + word for word in words} | {word.replace("o", "0").replace("a", "@") for word in words}
    return frozenset(
        {word + tail for word in (*words, *doubled) for tail in tails} | {"123456789012", "1q2w3e4r5t6y"}
    )
