"""What the clock of a zone shows, as moments. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def shown(at: datetime, zone: str) -> datetime:
    """Return what the clock of a zone shows at a moment, without the zone."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def moment(clock: datetime, zone: str) -> datetime:
    """Return when the clock of a zone shows this, in UTC.

    A time that clocks show twice is the first of the two; one that they skip is the moment at which they skip
    it. So an earlier time on the clock never is a later moment, and neighbours that meet on the clock meet.
    """
    found = clock.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    if shown(found, zone) == clock:
        return found
    before = clock.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    return _skip(before, found, zone)


def _skip(before: datetime, after: datetime, zone: str) -> datetime:
    """Return when between two moments the clock was put forward."""
    offset = before.astimezone(ZoneInfo(zone)).utcoffset()
    low, high = 0, int((after - before) / SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * SECOND).astimezone(ZoneInfo(zone)).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + high * SECOND
