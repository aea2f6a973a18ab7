"""What a playbook printed: the tail of it, without secrets and without control characters."""

import json
import re
from pathlib import Path
from typing import Any

LIMIT = 50_000
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SECRET = re.compile(
    r"""(?ix)
    ( \b(?:authorization|[\w.-]*(?:password|passwd|token|secret|api[_-]?key|private[_-]?key))
      ["']? \s* [:=] \s* )
    (?: (?:bearer|basic)\s+\S+ | "[^"\n]*" | '[^'\n]*' | [^\s,;}]+ )
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def redact(text: str) -> str:
    """Return text without what looks like a secret and without control characters."""
    text = _CONTROL.sub("", text)
    text = _KEY_BLOCK.sub("[redacted]", text)
    text = _SECRET.sub(r"\1[redacted]", text)
    return _BEARER.sub(r"\1 [redacted]", text)


def read_tail(path: Path, limit: int = LIMIT) -> str:
    """Return the redacted end of an output file, at most `limit` bytes of UTF-8."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(max(0, size - 2 * limit))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return redact(text).encode()[-limit:].decode(errors="ignore")


def read_tasks(path: Path) -> list[dict[str, Any]]:
    """Return the task results that the callback has written so far (a half-written last line is left)."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError:
        return []
    tasks = [json.loads(line) for line in lines if line.endswith("\n")]
    for task in tasks:
        task["name"], task["message"] = redact(task["name"]), redact(task["message"])
    return tasks
