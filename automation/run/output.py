"""What a playbook printed: the tail of it, without secrets and without control characters."""

import re
from pathlib import Path

from contract import limits
from contract.redaction import redact

LIMIT = limits.OUTPUT_BYTES
_CONTROL = re.compile(r"\x1b\[[0-9;?]{0,64}[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return text without what looks like a secret and without control characters."""
    return redact(_CONTROL.sub("", text.encode("utf-8", "replace").decode()))


def read_tail(path: Path, limit: int = LIMIT) -> str:
    """Return the end of an output file without secrets, at most `limit` bytes of UTF-8.

    Twice as much is read: the beginning may be the rest of a secret whose name was cut off.
    """
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, 2) - 2 * limit)
            file.seek(start)
            data = file.read(2 * limit)
    except OSError:
        return ""
    if start:
        data = data.partition(b"\n")[2]
    return clean(data.decode(errors="replace")).encode()[-limit:].decode(errors="ignore")
