"""The signature of an event: HMAC-SHA256 over its canonical JSON, made by the webhook."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

SCHEME = "hmac-sha256:"


def canonical(event: Mapping[str, Any]) -> bytes:
    """Return the bytes that the signature covers: every field but `sig`, keys sorted, no spaces."""
    unsigned = {key: value for key, value in event.items() if key != "sig"}
    return json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(event: Mapping[str, Any], key: bytes) -> str:
    """Return the signature of an event."""
    return SCHEME + hmac.new(key, canonical(event), hashlib.sha256).hexdigest()


def is_genuine(event: Mapping[str, Any], key: bytes) -> bool:
    """Say whether the event carries the signature that the key makes (compared in constant time)."""
    signature = event.get("sig")
    if not isinstance(signature, str):
        return False
    try:
        expected = sign(event, key)
    except UnicodeEncodeError:  # lone surrogates: the webhook never signs such text
        return False
    return hmac.compare_digest(signature.encode(errors="replace"), expected.encode())
