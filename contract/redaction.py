"""What looks like a secret, in logs and in what playbooks print, is replaced before anybody keeps it.

Patterns run on RE2, so the time is linear in the length of the text, whoever wrote it. Where the end of a
secret can't be told, too much is hidden rather than too little.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from contract.secret_kinds import ANY, KINDS, NAME
from contract.secret_words import MARK, Kind

MAX_TEXT = 200_000
"""Characters of one text that are looked at and kept; the rest is cut, and the text says so."""
SHORT_TEXT = 1_000
"""Bytes up to which one look for several kinds at once is quicker than a look for each."""
MAX_SECRETS = 1_000
"""Secrets of one kind in one text; what follows the last is cut, since each costs time to replace."""
MAX_DEPTH = 8
"""Levels of one log entry's values that are kept as they are; what lies deeper becomes text."""


def redact(text: str) -> str:
    """Return ``text`` with ``[redacted]`` in the place of each secret, at most ``MAX_TEXT`` characters of it.

    Lone surrogates, which no file or database can keep, become question marks.
    """
    left_out = len(text) - MAX_TEXT
    data = text[:MAX_TEXT].encode("utf-8", "replace")
    if len(data) <= SHORT_TEXT and not any(rows.search(data) for rows in ANY):
        return data.decode()
    for kind in KINDS:
        data = _hide(kind, data)
    clean = data.decode("utf-8", "replace")
    return f"{clean}\n[{left_out} more characters were cut]" if left_out > 0 else clean


def is_secret_name(name: str) -> bool:
    """Say whether a field of this name holds a secret."""
    return NAME.search(name[:MAX_TEXT].encode("utf-8", "replace")) is not None


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a log entry without secrets: by their names, and inside their texts."""
    return {name: _value(name, value, MAX_DEPTH) for name, value in fields.items()}


def redact_entry(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> dict[str, Any]:
    """Do the same as a processor of structlog."""
    return redact_fields(entry)


def _value(name: str, value: object, depth: int) -> object:
    if is_secret_name(name):
        return MARK
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth and isinstance(value, Mapping):
        return {redact(str(key)): _value(str(key), item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [_value("", item, depth - 1) for item in value]
    return redact(str(value))


def _hide(kind: Kind, data: bytes) -> bytes:
    """Replace each match's group, and go on right behind it: what ends one secret may name the next."""
    pieces: list[bytes] = []
    done = 0
    for _ in range(MAX_SECRETS):
        found = kind.pattern.search(data, done)
        if found is None:
            return b"".join((*pieces, data[done:])) if pieces else data
        start, end = max(found.span(group + 1) for group in range(kind.pattern.groups))
        pieces += (data[done:start], MARK.encode())
        done = max(end, done + 1)
    return b"".join((*pieces, b"\n[the rest was cut: too many secrets]"))
