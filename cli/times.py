"""Times as a person reads and types them: in their own zone, how long ago, and how long."""

import os
import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SHOWN = "%Y-%m-%d %H:%M:%S %:z"
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def local(text: str | None) -> str:
    """Write a time of the API in the zone of this machine, with its offset from UTC."""
    return datetime.fromisoformat(text).astimezone().strftime(SHOWN) if text else ""


def age(text: str, moment: datetime | None = None) -> str:
    """Write how long ago a time of the API was, in its largest unit."""
    seconds = ((moment or datetime.now(UTC)) - datetime.fromisoformat(text)).total_seconds()
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def moment(text: str) -> datetime:
    """Read a time such as `2026-11-24T22:00`; without an offset it is one of the zone that a command names.

    Raises:
        ValueError: it is none.

    """
    return datetime.fromisoformat(text)


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """Return a typed time as one of a zone, unless it has an offset; without a zone, of this machine's."""
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone) if zone else moment.astimezone()


def own_zone() -> str:
    """Return the name of this machine's zone; empty where the system does not tell it."""
    named = os.environ.get("TZ", "").removeprefix(":") or _linked()
    try:
        return ZoneInfo(named).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def _linked() -> str:
    """Return the zone that the system's clock is set to by a link into the database of zones."""
    path = str(Path("/etc/localtime").resolve())
    return path.partition("/zoneinfo/")[2] or "UTC"


def length(text: str) -> timedelta:
    """Read how long something takes: `30s`, `90min`, `2h`, `1d`.

    Raises:
        ValueError: it is no length of time.

    """
    found = re.fullmatch(r"([1-9][0-9]{0,4})(s|min|h|d)", text)
    if found is None:
        raise ValueError(text)
    return timedelta(seconds=int(found[1]) * {unit: size for size, unit in UNITS}[found[2]])
