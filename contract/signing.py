"""The canonical form of an event and its signature: HMAC-SHA256 (RFC 2104) in hexadecimal.

Alertmanager can't sign what it sends; the webhook signs what it has accepted, so that whoever reads a log
line can tell an event from a line that merely looks like one.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

PREFIX = "hmac-sha256:"
FIELD = "sig"

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(event: Mapping[str, Any]) -> str:
    """Return the one text of an event without signature that is stored and signed: sorted keys, no spaces."""
    return _encoder.encode(event)


def signature(text: str, key: bytes) -> str:
    """Return the signature of a canonical text.

    Raises:
        UnicodeEncodeError: the text has a lone surrogate, which no event of the webhook has.

    """
    return PREFIX + hmac.digest(key, text.encode(), hashlib.sha256).hex()


def is_genuine(event: Mapping[str, Any], key: bytes) -> bool:
    """Say whether an event carries the signature that the key makes, compared in constant time."""
    signed = event.get(FIELD)
    if not isinstance(signed, str):
        return False
    try:
        expected = signature(canonical({name: event[name] for name in event if name != FIELD}), key)
    except UnicodeEncodeError:
        return False
    return hmac.compare_digest(signed.encode(errors="replace"), expected.encode())
