"""How times and durations are written for people: exact, short, and in words."""

from datetime import UTC, datetime

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
RELATIVE_LIMIT_S = 30 * DAY_S


def duration(seconds: float) -> str:
    """Return a length of time in words, two units at most: `0.4 s`, `41 s`, `3 min 12 s`, `2 h 5 min`.

    `seconds` below zero (clocks that disagree) are written as `0 s`.
    """
    if seconds < 0:
        return "0 s"
    if round(seconds, 1) < 10:  # noqa: PLR2004 - below ten seconds the tenth matters
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for unit_s, unit, smaller_s, smaller in (
        (DAY_S, "d", HOUR_S, "h"),
        (HOUR_S, "h", MINUTE_S, "min"),
        (MINUTE_S, "min", 1, "s"),
    ):
        if whole >= unit_s:
            rest = whole % unit_s // smaller_s
            return f"{whole // unit_s} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def age(seconds: float) -> str:
    """Return a length of time by its largest unit, for columns: `< 1 min`, `5 min`, `3 h`, `2 d`."""
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)} {unit}"
    return "< 1 min"


def relative(at: datetime, now: datetime) -> str:
    """Return how long ago (or ahead) `at` is, both aware: `just now`, `5 min ago`, `in 2 h`, `3 Nov 2026`.

    Seconds are left out on purpose: a page that shows them would change on every poll.
    """
    seconds = (now - at).total_seconds()
    if abs(seconds) < MINUTE_S:
        return "just now" if seconds > -1 else "in under a minute"
    if abs(seconds) > RELATIVE_LIMIT_S:
        return f"{at.astimezone(UTC):%-d %b %Y}"
    return f"{age(seconds)} ago" if seconds > 0 else f"in {age(-seconds)}"


def exact(at: datetime) -> str:
    """Return `at` to the second with its zone, for the eye: `2026-11-23 14:02:07 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock_time(at: datetime) -> str:
    """Return the time of day of `at` in UTC: `14:02:07`."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def iso(at: datetime) -> str:
    """Return `at` as RFC 3339 in UTC with milliseconds, for `<time datetime>`: `2026-11-23T14:02:07.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
