"""Who makes a request, as a label of metrics: what a stranger causes must never have production restarted.

Known without the database, which may be what fails: a person by the signature of the cookie that a log-in
made, a program by a token that this process has found valid before.
"""

from collections import OrderedDict
from enum import StrEnum
from threading import Lock

from flask import Flask, current_app, g, request, session

from app.accounts.tokens import digest

REMEMBERED = 1_000
"""Tokens that one process remembers; those used last stay."""
MACHINES = frozenset({"static", "ops.healthz", "ops.readyz", "ops.metrics"})
"""What these answer is the same for everybody, so no cookie is looked at."""


class Caller(StrEnum):
    """Kinds of callers."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    TOKEN = "token"  # noqa: S105 - a word, no secret


class Tokens:
    """Hashes of the tokens that were valid when last used here."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._hashes: OrderedDict[str, None] = OrderedDict()

    def note(self, secret: str, *, is_valid: bool) -> None:
        """Remember a token, or forget it."""
        with self._lock:
            self._hashes.pop(digest(secret), None)
            if is_valid:
                self._hashes[digest(secret)] = None
                if len(self._hashes) > REMEMBERED:
                    self._hashes.popitem(last=False)

    def has(self, secret: str) -> bool:
        """Say whether the token was valid when last used."""
        with self._lock:
            return digest(secret) in self._hashes


def init_app(app: Flask) -> None:
    """Remember nobody yet."""
    app.extensions["known_tokens"] = Tokens()


def bearer() -> str:
    """Return the token that the request carries; empty: none."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else ""


def note(secret: str, *, is_valid: bool) -> None:
    """Remember whether a token was found valid."""
    known: Tokens = current_app.extensions["known_tokens"]
    known.note(secret, is_valid=is_valid)


def caller() -> str:
    """Return who makes this request."""
    known: Tokens = current_app.extensions["known_tokens"]
    if request.endpoint in MACHINES:
        return Caller.ANONYMOUS.value
    if "api_token" in g or ((secret := bearer()) and known.has(secret)):
        return Caller.TOKEN.value
    return Caller.PERSON.value if session.get("_user_id") else Caller.ANONYMOUS.value
