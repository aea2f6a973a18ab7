"""Durations as settings, the policy and Prometheus write them: `90s`, `5m`, `1h30m`, `500ms`."""

import re
from collections.abc import Iterable

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WHOLE = ("d", "h", "m", "s")


def _form(number: str, units: Iterable[str]) -> str:
    return "".join(f"(?:({number}){unit})?" for unit in units)


_FORM = re.compile(_form(r"[0-9]{1,9}(?:[.][0-9]{1,9})?", _UNITS))
_WHOLE_FORM = re.compile(_form("[0-9]{1,9}", _WHOLE))
PATTERN, WHOLE_PATTERN = (f"^{form.pattern}$".replace("?:", "") for form in (_FORM, _WHOLE_FORM))
"""Every duration, those of whole seconds, and the empty text, for schemas."""
LONGEST_DAYS = 36_500
"""A hundred years: what is added to a time of day must still be one."""
WANTED = "is not a duration; write numbers with units, such as 15s, 5m, 1h30m or 30d"


def read(text: str) -> float:
    """Return the seconds of a duration.

    Raises:
        ValueError: it is none; the message says what is wanted, and goes behind the name of a field.

    """
    return _read(_FORM, text)


def read_whole(text: str) -> int:
    """Return the seconds of a duration without fractions; raises ValueError as `read` does."""
    return int(_read(_WHOLE_FORM, text))


def _read(form: re.Pattern[str], text: str) -> float:
    found = form.fullmatch(text)
    if not text or found is None:
        raise ValueError(WANTED)
    seconds = sum(
        float(number or 0) * size for number, size in zip(found.groups(), _UNITS.values(), strict=False)
    )
    if seconds > LONGEST_DAYS * _UNITS["d"]:
        raise ValueError(f"must be at most {LONGEST_DAYS}d")
    return seconds


def write(seconds: float) -> str:
    """Write seconds as `1h30m`, rounded up to a whole second."""
    rest, parts = -int(-seconds // 1), []
    for unit in _WHOLE:
        count, rest = divmod(rest, int(_UNITS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
