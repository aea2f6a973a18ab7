"""Secrets that must be readable again, encrypted at rest with a key derived from OIMS_SECRET_KEY."""

import base64
from enum import Enum

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class Purpose(Enum):
    """What is sealed; each has a key of its own."""

    SECOND_FACTOR = b"oims second factors 1"
    PING_ADDRESS = b"oims ping addresses 1"


class Unreadable(Exception):
    """The text is damaged, too old, somebody else's, or was written under another OIMS_SECRET_KEY."""


def seal(text: str, *, purpose: Purpose, owner: int) -> str:
    """Return ``text`` encrypted and bound to the row ``owner`` that it belongs to."""
    return _fernet(purpose).encrypt(f"{owner}:{text}".encode()).decode("ascii")


def open_(sealed: str, *, purpose: Purpose, owner: int, max_age_s: int | None = None) -> str:
    """Return what was sealed for this purpose and owner.

    Raises:
        Unreadable: it was sealed for another owner, with another key, or more than ``max_age_s`` ago.

    """
    try:
        text = _fernet(purpose).decrypt(sealed.encode(), ttl=max_age_s).decode()
    except InvalidToken:
        raise Unreadable from None
    bound_to, _, content = text.partition(":")
    if bound_to != str(owner):
        raise Unreadable
    return content


def _fernet(purpose: Purpose) -> Fernet:
    secret = current_app.config["SETTINGS"].secret_key.get_secret_value().encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.value).derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
