"""The only source of the current time, and durations in words."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware and in UTC, cut to milliseconds as all contracts write it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def in_words(seconds: float) -> str:
    """Write a duration for people with its two largest units, as in "3 min 12 s"."""
    total = max(0, round(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, total = divmod(total, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
