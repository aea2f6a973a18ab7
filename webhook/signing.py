"""The canonical form of an event and its signature.

Alertmanager can't sign what it sends; the webhook signs what it has accepted, so that whoever reads a log
line can tell an event from a line that merely looks like one.
"""

import hashlib
import hmac
import json
from typing import Any

PREFIX = "hmac-sha256:"


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(event: dict[str, Any]) -> str:
    """Write the one text of ``event`` (without ``sig``) that is signed: sorted keys, no spaces, UTF-8."""
    return _encoder.encode(event)


def signature(text: str, key: bytes) -> str:
    """Compute the ``sig`` of a canonical ``text``: HMAC-SHA256 (RFC 2104) in hexadecimal, with its prefix."""
    return PREFIX + hmac.digest(key, text.encode(), hashlib.sha256).hex()


def signed_line(text: str, key: bytes) -> str:
    """Write the event of a canonical ``text`` with its ``sig``: one JSON object in pure ASCII, no newline.

    ASCII because the line goes to logs and terminals: an escape sequence, a bidirectional override or a line
    separator in a label must arrive there as harmless characters.
    """
    sig = signature(text, key)
    plain = text if text.isascii() and "\x7f" not in text else _ascii(text)
    return f'{plain[:-1]},"sig":"{sig}"}}'


def _ascii(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":")).replace("\x7f", "\\u007f")
