"""Secrets that a setting gives itself, as `OIMS_TOKEN`, or as a file, as `OIMS_TOKEN_FILE`."""

from collections.abc import Mapping
from pathlib import Path

from contract import limits


class SecretFileError(ValueError):
    """A secret can't be had; the message names its variable and what to do, and never a secret."""


def find(environment: Mapping[str, str], variable: str) -> str | None:
    """Return the secret that a variable or its file gives, without the space around it; None: neither is set.

    Raises:
        SecretFileError: both are set, or the file can't be read.

    """
    value, path = environment.get(variable), environment.get(f"{variable}_FILE")
    if value and path:
        raise both(variable)
    if path:
        return read(variable, Path(path))
    return value.strip() if value else None


def read(variable: str, path: Path) -> str:
    """Return the text of a variable's file, without the space around it.

    Raises:
        SecretFileError: it can't be read, is longer than `limits.SECRET_BYTES`, or is not UTF-8 text.

    """
    try:
        with path.open("rb") as file:
            content = file.read(limits.SECRET_BYTES + 1)
        if len(content) > limits.SECRET_BYTES:
            raise SecretFileError(
                f"{variable}_FILE: {path} is longer than {limits.SECRET_BYTES} bytes; no secret is"
            )
        return content.decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SecretFileError(
            f"{variable}_FILE: cannot read {path}: {reason}; check the path and its mode"
        ) from None


def both(variable: str) -> SecretFileError:
    """Return what to raise where a secret and its file are both given."""
    return SecretFileError(f"{variable} and {variable}_FILE are both set; keep one of them")
