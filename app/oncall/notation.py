"""How people write times of day and restrictions, and how they are written back. Pure."""

import re
from datetime import time

from app.oncall.layer import WEEK_DAYS, Restriction
from contract import limits

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHORTEST_RANGE = 3
_NUMBERS = {day.lower(): number for number, day in enumerate(DAYS)}
_HOURS = re.compile(r"([0-9:]{5})-([0-9:]{5})")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def read_clock(text: str) -> time:
    """Read a time of day, `09:00`. Raises ValueError with a sentence."""
    if _CLOCK.fullmatch(text) is None:
        raise ValueError("Write a time of day as in 09:00.")
    return time(int(text[:2]), int(text[3:]))


def read_restriction(text: str) -> Restriction:
    """Read `Mon-Fri 20:00-08:00`, or only days. Raises ValueError with a sentence."""
    if len(text) > limits.RESTRICTION:
        raise ValueError("Write days and hours as in Mon-Fri 20:00-08:00.")
    tight = "-".join(part.strip() for part in text.replace("\N{EN DASH}", "-").split("-"))
    days, _, hours = tight.rpartition(" ")
    if ":" not in hours:
        return Restriction(_days(tight))
    found = _HOURS.fullmatch(hours)
    if found is None:
        raise ValueError("Write hours as in 20:00-08:00.")
    end = found[2] if found[2] != "24:00" else "00:00"
    return Restriction(_days(days), read_clock(found[1]), read_clock(end))


def write_restriction(restriction: Restriction) -> str:
    """Write a restriction as it is read."""
    days = _written(restriction.weekdays)
    if restriction.start == restriction.end == time.min:
        return days
    return f"{days} {restriction.start:%H:%M}-{restriction.end:%H:%M}"


def _days(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip().lower() for word in part.partition("-"))
        if first not in _NUMBERS or (dash and last not in _NUMBERS):
            raise ValueError("Write the days as Mon, Tue, Wed, Thu, Fri, Sat, Sun, or as Mon-Fri.")
        begin = _NUMBERS[first]
        count = (_NUMBERS[last] - begin) % WEEK_DAYS if dash else 0
        found |= {(begin + step) % WEEK_DAYS for step in range(count + 1)}
    return tuple(sorted(found))


def _written(weekdays: tuple[int, ...]) -> str:
    """Write days, three or more that follow each other as a range."""
    parts: list[str] = []
    rest = list(weekdays)
    while rest:
        count = 1
        while count < len(rest) and rest[count] == rest[0] + count:
            count += 1
        run, rest = rest[:count], rest[count:]
        is_range = count >= SHORTEST_RANGE
        parts += [f"{DAYS[run[0]]}-{DAYS[run[-1]]}"] if is_range else [DAYS[day] for day in run]
    return ",".join(parts)
