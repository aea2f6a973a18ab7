"""Times as a person reads them: in their own zone, and how long ago."""

from datetime import UTC, datetime

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def local(text: str | None) -> str:
    """Write a time of the API in the zone of this machine."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S") if text else ""


def age(text: str, moment: datetime | None = None) -> str:
    """Write how long ago a time of the API was, in its largest unit."""
    seconds = ((moment or datetime.now(UTC)) - datetime.fromisoformat(text)).total_seconds()
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"
