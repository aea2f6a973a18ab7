"""Secrets that may live in files which are replaced while the process runs."""

import hmac
import os
from pathlib import Path
from typing import Self

import structlog

from contract import secret_files

log = structlog.get_logger(__name__)


class CredentialError(ValueError):
    """A secret is missing, unreadable or too short; the message names its variable and what to do."""


class Credential:
    """One secret, from the environment or from a file that is read again when it changes."""

    def __init__(self, name: str, value: str, path: Path | None, min_length: int) -> None:
        self._name = name
        self._path = path
        self._min_length = min_length
        self._stamp = _stamp(path) if path else None
        self._value = value.encode()

    @classmethod
    def open(cls, name: str, *, value: str | None, path: Path | None, min_length: int) -> Self:
        """Take the secret called ``name`` from ``value`` or from the file ``path``; exactly one is given.

        Raises CredentialError if none or both are given, the file can't be read, or the secret has fewer than
        ``min_length`` characters.
        """
        if value and path:
            raise CredentialError(str(secret_files.both(name)))
        if path:
            return cls(name, _read(name, path, min_length), path, min_length)
        if value:
            return cls(name, _checked(name, value, min_length), None, min_length)
        raise CredentialError(
            f"{name}: is not set; set {name}_FILE to a file that holds the secret, or {name} to the secret"
        )

    @property
    def value(self) -> bytes:
        """The secret as it is now; the last good one if its file has become unreadable since."""
        if self._path and (stamp := _stamp(self._path)) != self._stamp:
            self._stamp = stamp
            try:
                self._value = _read(self._name, self._path, self._min_length).encode()
                log.info("credential_reread", variable=f"{self._name}_FILE")
            except CredentialError as error:
                log.warning("credential_kept", variable=f"{self._name}_FILE", reason=str(error))
        return self._value

    def text(self) -> str:
        """Return the secret as it is now, as text."""
        return self.value.decode()

    def matches(self, presented: bytes) -> bool:
        """Whether ``presented`` is the secret, in a time that does not depend on where they differ."""
        return hmac.compare_digest(presented, self.value)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - once per request: Path.stat costs three times as much
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def _read(name: str, path: Path, min_length: int) -> str:
    try:
        content = secret_files.read(name, path)
    except secret_files.SecretFileError as error:
        raise CredentialError(str(error)) from None
    return _checked(f"{name}_FILE", content, min_length)


def _checked(name: str, value: str, min_length: int) -> str:
    if not value:
        raise CredentialError(f"{name}: is empty; put the secret into it")
    if len(value) < min_length:
        raise CredentialError(
            f"{name}: holds {len(value)} characters, at least {min_length} are needed; "
            "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return value
