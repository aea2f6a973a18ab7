"""Whom outgoing connections trust: the system's authorities, and those of ``OIMS_CA_FILE`` in addition."""

import ssl
from pathlib import Path


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Make a context for a client.

    Raises:
        ValueError: the file can't be read or holds no certificate; the message says which.

    """
    context = ssl.create_default_context()
    if ca_file is not None:
        trust_also(context, ca_file)
    return context


def trust_also(context: ssl.SSLContext, ca_file: Path) -> None:
    """Let a context trust the authorities of a file, too. Raises ValueError, as above."""
    try:
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise ValueError(f"{ca_file} holds no PEM certificate") from None
    except OSError as error:
        raise ValueError(f"can't read {ca_file}: {error.strerror}") from None
