"""Text from outside, made fit to be kept. What it says stays hostile: pages and mails still escape it."""

from app.errors import InvalidInput


def clean(value: str, limit: int) -> str:
    """Return text of several lines without what no database or terminal should see, cut to ``limit``.

    Lone surrogates can't be stored and NUL is refused by PostgreSQL; other control characters forge log
    lines and terminals.
    """
    storable = value.encode("utf-8", "replace").decode()
    return "".join(c for c in storable if c in "\n\t" or c.isprintable())[:limit].strip()


def one_line(value: str, limit: int) -> str:
    """Return text as one line of at most ``limit`` characters, with an ellipsis when it was cut."""
    storable = value.encode("utf-8", "replace").decode()
    line = " ".join("".join(c if c.isprintable() else " " for c in storable).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def entered(field: str, value: str, limit: int, *, required: bool = False) -> str:
    """Return what a person or program entered, cleaned.

    Raises:
        InvalidInput: it is needed and empty, or longer than ``limit`` characters: nothing is cut silently.

    """
    message = ""
    text = clean(value, len(value))
    if required and not text:
        message = "This is needed."
    elif len(text) > limit:
        message = f"This is longer than {limit:,} characters."
    if message:
        raise InvalidInput(f"{field}: {message}", [{"field": field, "message": message}])
    return text
