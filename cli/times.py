"""Times as a person reads and types them: in their own zone, how long ago, and how long."""

import re
from datetime import UTC, datetime, timedelta

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


def moment(text: str) -> datetime:
    """Read a time such as `2026-11-24T22:00`, in the zone of this machine unless it names one.

    Raises:
        ValueError: it is none.

    """
    return datetime.fromisoformat(text).astimezone()


def length(text: str) -> timedelta:
    """Read how long something takes: `90min`, `2h`, `1d`.

    Raises:
        ValueError: it is no length of time.

    """
    found = re.fullmatch(r"([1-9][0-9]{0,4})(min|h|d)", text)
    if found is None:
        raise ValueError(text)
    return timedelta(seconds=int(found[1]) * {unit: size for size, unit in UNITS}[found[2]])
