"""What people and programs wrote, kept as they wrote it.

Every space, joiner, emoji and script stays. Only what could steer a terminal, a log or the reader's eye is
replaced, and visibly.
"""

import re

REPLACEMENT = "\ufffd"

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


def one_line(value: str) -> str:
    """Return safe text as one line: each line end and tab becomes a space, others stay as they are."""
    return re.sub(r"[\n\t\u2028\u2029]", " ", safe(value)).strip(" ")
