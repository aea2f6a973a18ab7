"""Whom outgoing connections trust: the system's authorities, and those of ``OIMS_CA_FILE`` in addition."""

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Make a context for a client.

    Raises:
        ValueError: the file can't be read or holds no certificate; the message says which.

    """
    context = ssl.create_default_context()
    if ca_file is not None:
        _trust_also(context, ca_file)
    return context


def _trust_also(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise ValueError(f"{ca_file} holds no PEM certificate") from None
    except OSError as error:
        raise ValueError(f"can't read {ca_file}: {error.strerror}") from None


def _checked(ca_file: Path | None) -> Path | None:
    """Try the file by itself: to read the system's authorities as well would cost each start 60 ms."""
    if ca_file is not None:
        _trust_also(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ca_file)
    return ca_file


type CaFile = Annotated[Path | None, AfterValidator(_checked)]
CA_FILE_DESCRIPTION = "PEM certificates of a private authority that is trusted besides the system's."
