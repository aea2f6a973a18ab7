"""Secrets that must be readable again, encrypted at rest with a key derived from OIMS_SECRET_KEY."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

PURPOSE = b"oims second factors 1"
"""Separates this key from every other use of OIMS_SECRET_KEY."""


class Unreadable(Exception):
    """The text is damaged, too old, somebody else's, or was written under another OIMS_SECRET_KEY."""


def seal(text: str, *, owner: int) -> str:
    """Return ``text`` encrypted and bound to the account ``owner``."""
    return _fernet().encrypt(f"{owner}:{text}".encode()).decode("ascii")


def open_(sealed: str, *, owner: int, max_age_s: int | None = None) -> str:
    """Return what was sealed for this account.

    Raises:
        Unreadable: it was sealed for another account, with another key, or more than ``max_age_s`` ago.

    """
    try:
        text = _fernet().decrypt(sealed.encode(), ttl=max_age_s).decode()
    except InvalidToken:
        raise Unreadable from None
    account, _, content = text.partition(":")
    if account != str(owner):
        raise Unreadable
    return content


def _fernet() -> Fernet:
    secret = current_app.config["SETTINGS"].secret_key.get_secret_value().encode()
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
