"""How times and durations are written for people."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.clock import in_words

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
TENTHS_BELOW_S = 20
RELATIVE_LIMIT_S = 30 * DAY_S
WEEK_DAYS = 7
UTC_NAME = "UTC"


def duration(seconds: float) -> str:
    """Write a length of time with two units at most: `0.4 s`, `3 min 12 s`; below 20 s with a tenth."""
    if 0 < round(seconds, 1) < TENTHS_BELOW_S:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    return in_words(seconds)


def age(seconds: float) -> str:
    """Write a length of time by its largest unit, for columns: `< 1 min`, `5 min`, `3 h`, `2 d`."""
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)} {unit}"
    return "< 1 min"


def relative(at: datetime, now: datetime, zone: str = UTC_NAME) -> str:
    """Write how long ago (or ahead) `at` is, both aware: `just now`, `5 min ago`, `in 2 h`, `3 Nov 2026`.

    Seconds are left out on purpose: a page that shows them would change on every poll.
    """
    seconds = (now - at).total_seconds()
    if abs(seconds) < MINUTE_S:
        return "just now" if seconds > -1 else "in under a minute"
    if abs(seconds) > RELATIVE_LIMIT_S:
        return f"{_local(at, zone):%-d %b %Y}"
    return f"{age(seconds)} ago" if seconds > 0 else f"in {age(-seconds)}"


def exact(at: datetime, zone: str = UTC_NAME) -> str:
    """Write `at` to the second with its zone: `2026-11-23 14:02:07 UTC`."""
    return f"{_local(at, zone):%Y-%m-%d %H:%M:%S %Z}"


def day(at: datetime, zone: str = UTC_NAME) -> str:
    """Write the day of `at` in `zone`: `Mon 23 Nov 2026`."""
    return f"{_local(at, zone):%a %-d %b %Y}"


def brief(at: datetime, now: datetime, zone: str = UTC_NAME) -> str:
    """Write a time near `now` as people say it: `17:00` today, `Mon 09:00` within days, `Mon 7 Dec 09:00`."""
    there, here = _local(at, zone), _local(now, zone)
    days = (there.date() - here.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    return f"{there:%a %H:%M}" if 0 < days < WEEK_DAYS else f"{there:%a %-d %b %H:%M}"


def clock_time(at: datetime, zone: str = UTC_NAME) -> str:
    """Write the time of day of `at` in `zone`: `14:02:07`."""
    return f"{_local(at, zone):%H:%M:%S}"


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(UTC if zone == UTC_NAME else ZoneInfo(zone))


def sentence(text: str) -> str:
    """Start a sentence with a capital, unless its first word is a name such as restart_oims.yml."""
    is_word = text.partition(" ")[0].isalpha()
    return text[:1].upper() + text[1:] if is_word else text


def target_name(target: dict[str, str] | None) -> str:
    """Return a target as people write it: `Deployment shop/api`."""
    if not target:
        return "no target"
    place = "/".join(part for part in (target.get("namespace"), target.get("name")) if part)
    return f"{target.get('kind', '')} {place}".strip()
