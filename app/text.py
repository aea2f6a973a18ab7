"""Text from outside, made fit to be kept. What it says stays hostile: pages and mails still escape it."""

from app.errors import InvalidInput
from contract import text

BLANK = " \t\n"
"""What is trimmed around a text; a space that means something, such as one that does not break, stays."""


def clean(value: str, limit: int) -> str:
    """Return text of several lines as it was written, made safe, and cut to ``limit``."""
    return text.safe(value)[:limit].strip(BLANK)


def one_line(value: str, limit: int) -> str:
    """Return text as one line of at most ``limit`` characters, with an ellipsis when it was cut."""
    line = text.one_line(value)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def entered(field: str, value: str, limit: int, *, required: bool = False) -> str:
    """Return what a person or program entered, cleaned.

    Raises:
        InvalidInput: it is needed and empty, or longer than ``limit`` characters: nothing is cut silently.

    """
    message = ""
    kept = clean(value, len(value))
    if required and not kept:
        message = "This is needed."
    elif len(kept) > limit:
        message = f"This is longer than {limit:,} characters."
    if message:
        raise InvalidInput(f"{field}: {message}", [{"field": field, "message": message}])
    return kept
