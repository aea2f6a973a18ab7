"""A signed event as a line of the log."""

import json

from contract.signing import FIELD, signature
from webhook.lines import to_json


def signed_line(text: str, key: bytes) -> str:
    """Write the event of a canonical ``text`` with its signature: one JSON object in pure ASCII, no newline.

    ASCII because the line goes to logs and terminals: an escape sequence, a bidirectional override or a line
    separator in a label must arrive there as harmless characters.
    """
    plain = text if text.isascii() and "\x7f" not in text else to_json(json.loads(text))
    return f'{plain[:-1]},"{FIELD}":"{signature(text, key)}"}}'
