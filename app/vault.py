"""Secrets that must be readable again, encrypted at rest with a key derived from OIMS_SECRET_KEY.

With OIMS_SECRET_KEY_OLD what was encrypted before a change of the key can still be read, and encrypted anew.
"""

import base64
from enum import Enum

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from pydantic import SecretStr


class Purpose(Enum):
    """What is sealed; each has a key of its own."""

    SECOND_FACTOR = b"oims second factors 1"
    PING_ADDRESS = b"oims ping addresses 1"
    CONTACT_METHOD = b"oims contact methods 1"
    WEB_PUSH_KEY = b"oims web push, private key 1"
    WEBHOOK_ADDRESS = b"oims outgoing webhooks, addresses 1"
    WEBHOOK_SECRET = b"oims outgoing webhooks, secrets 1"


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


def seal_anew(sealed: str, *, purpose: Purpose) -> str | None:
    """Return the same secret encrypted with the present key; nothing if it was, or if no key opens it."""
    settings = current_app.config["SETTINGS"]
    try:
        _of(settings.secret_key, purpose).decrypt(sealed.encode())
    except InvalidToken:
        try:
            return _fernet(purpose).rotate(sealed.encode()).decode("ascii")
        except InvalidToken:
            return None
    return None


def _fernet(purpose: Purpose) -> MultiFernet:
    settings = current_app.config["SETTINGS"]
    keys = [key for key in (settings.secret_key, settings.secret_key_old) if key is not None]
    return MultiFernet([_of(key, purpose) for key in keys])


def _of(secret: SecretStr, purpose: Purpose) -> Fernet:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.value)
    return Fernet(base64.urlsafe_b64encode(derivation.derive(secret.get_secret_value().encode())))
