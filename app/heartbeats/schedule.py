"""When a heartbeat is due. Pure: the same schedule and moment always give the same answer."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from contract import limits

FIELDS = 5
EARLY = timedelta(seconds=30)
SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Schedule:
    """A period, or a cron expression with the zone whose clock it keeps to.

    A cron expression means what Debian's cron makes of it when clocks change: a job at a fixed hour that the
    clock skips runs right after it, one that the clock shows twice runs once; jobs of each hour or of every
    few minutes follow the time that passes.
    """

    period: timedelta | None = None
    cron: str | None = None
    zone: str = "UTC"

    def after(self, moment: datetime) -> datetime:
        """Return when the next ping is due, in UTC, if the last one came at ``moment``."""
        if self.period is not None:
            return moment + self.period
        # Within an hour that the clock shows twice, it may name the time in the first one, which is over.
        times = CronSim(self.cron or "", moment.astimezone(ZoneInfo(self.zone)))
        return next(at for time in times if (at := time.astimezone(UTC)) > moment)

    def due_at(self, last_ping: datetime) -> datetime:
        """Return when the next ping is due; one that came just before its time by cron counts for that time.

        The clock of the machine that runs the job may be a little ahead.
        """
        due_at = self.after(last_ping)
        return self.after(due_at) if self.cron and due_at - last_ping <= EARLY else due_at


def cron_problem(text: str, zone: str) -> str:
    """Return what is wrong with a cron expression, in words; empty: nothing."""
    if len(text) > limits.CRON:
        return f"Use at most {limits.CRON} characters."
    if len(text.split()) != FIELDS:
        return "Write five fields: minute, hour, day of month, month, day of week."
    try:
        Schedule(cron=text, zone=zone).after(datetime.now(UTC))
    except CronSimError as error:
        return f"{error}."
    except StopIteration:
        return "This day never comes."
    return ""


def is_zone(name: str) -> bool:
    """Say whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
