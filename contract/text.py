"""What people and programs wrote, kept as they wrote it.

Every space, joiner, emoji and script stays. Only what could steer a terminal, a log or the reader's eye is
replaced, and visibly.
"""

import re

REPLACEMENT = "\ufffd"
BLANK = " \t\n"
"""What is trimmed around a text; a space that means something, such as one that does not break, stays."""

_BREAK = re.compile(r"\r\n?")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(value: str) -> str:
    """Return text with a replacement character for each control, bidirectional override and lone surrogate.

    Line feeds and tabs stay; other line ends become line feeds.
    """
    return _UNSAFE.sub(REPLACEMENT, _BREAK.sub("\n", value))


def decoded(content: bytes, encoding: str = "utf-8") -> str:
    """Return bytes as text; what is none in the encoding becomes a replacement character."""
    return content.decode(encoding, "replace")


def clean(value: str, limit: int) -> str:
    """Return text of several lines as it was written, made safe, and cut to ``limit`` characters."""
    return safe(value)[:limit].strip(BLANK)


def one_line(value: str, limit: int | None = None) -> str:
    """Return safe text as one line: each line end and tab becomes a space, others stay as they are.

    Text of more than ``limit`` characters is cut and ends with an ellipsis.
    """
    line = re.sub(r"[\n\t\u2028\u2029]", " ", safe(value)).strip(" ")
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…"
