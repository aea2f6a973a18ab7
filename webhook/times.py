"""Times as programs write them: RFC 3339, as Alertmanager does, and whatever else can be told for sure."""

import math
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_YEAR = 1970
LAST_YEAR = 2199
LONGEST = 64
"""Characters of a time that are looked at."""

NOT_SET = ("0000-", "0001-")
"""How Go, .NET and Java write a time that is not set."""
NOTHING = ("", "0", "0.0")

_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_LOOSE = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d))?([.,]\d{1,32})?"
    r"(?: ?(?:([Zz]|UTC)|([+-]\d\d):?(\d\d)?(?: [A-Z]{2,5}| [+-]\d{2,4})?)"
    r"(?: m=[+-][\d.]{1,24})?(?:\[[\w/+-]{1,40}\])?)?",
    re.ASCII,
)
"""What stands behind the offset is its name, as Go and Java write it, and Go's monotonic clock."""
_NUMBER = re.compile(r"\d{1,20}(\.\d{1,32})?", re.ASCII)
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (0.0, 1.0))
"""From which number on a Unix time counts nanoseconds, microseconds, milliseconds, seconds."""


def read(value: object) -> datetime | None:
    """Read an RFC 3339 time as UTC; none if it says that it is not set.

    Raises ValueError with what is wrong.
    """
    if value is None:
        return None
    if not isinstance(value, str) or not _STRICT.fullmatch(value):
        raise ValueError("must be a time as in RFC 3339, such as 2026-01-31T15:04:05.123Z")
    if value.startswith("0001-01-01T00:00:00"):
        return None
    try:
        return _of_our_age(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise ValueError("is not a time of the calendar") from None


def guess(value: object) -> datetime | None:
    """Read a time of an odd form as UTC: a leap second, no zone (UTC then), a Unix time, the date of a mail.

    Returns none if the value says that it is not set. Raises ValueError if it can't be read.
    """
    if value is None:
        return None
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value).strip() if is_plain else "no time"
    if text in NOTHING or text.startswith(NOT_SET):
        return None
    if len(text) > LONGEST:
        raise ValueError("is no time")
    try:
        return _of_our_age(_unix(float(text)) if _NUMBER.fullmatch(text) else _written(text))
    except OverflowError:
        raise ValueError("is no time") from None


def _unix(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError("is no time")
    unit = next(unit for least, unit in _UNITS if number >= least)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number / unit)


def _written(text: str) -> datetime:
    found = _LOOSE.fullmatch(text)
    if found is None:
        return _of_a_standard(text)
    day, minute, second, fraction, _, hours, minutes = found.groups()
    if minute == "24:00" and not (second or fraction or "").strip("0.,"):
        return _written(text.replace("24:00", "00:00", 1)) + timedelta(days=1)
    if second == "60":
        second, fraction = "59", ".999"
    offset = f"{hours}:{minutes or '00'}" if hours else "+00:00"
    part = (fraction or ".0").replace(",", ".")[:7]
    return datetime.fromisoformat(f"{day}T{minute}:{second or '00'}{part}{offset}")


def _of_a_standard(text: str) -> datetime:
    """Read a time of ISO 8601 in its other forms, or of RFC 5322. Raises ValueError."""
    time = None
    if "T" in text[:12]:
        with suppress(ValueError):
            time = datetime.fromisoformat(text)
    time = time or parsedate_to_datetime(text)
    if time.tzinfo is None:
        raise ValueError("has no zone that is known")
    return time


def _of_our_age(time: datetime) -> datetime:
    """Return a time in UTC. Raises ValueError for one that no alert can have."""
    utc = time.astimezone(UTC)
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return utc
