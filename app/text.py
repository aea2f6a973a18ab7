"""What people and programs enter, checked. What it says stays hostile: pages and mails still escape it."""

from app.errors import InvalidInput
from contract.text import clean


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
