"""A signed event as a line of the log."""

import json

from contract.signing import signature


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
