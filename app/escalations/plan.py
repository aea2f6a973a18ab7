"""What a chain says: steps, hours, urgency, and how long the machine may try first. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.severities import Severity
from contract import limits

WEEK_DAYS = 7
LONGEST_WAIT_S = 24 * 3600
LONGEST_MACHINE_FIRST_S = 24 * 3600


class Kind(StrEnum):
    """Whom a step can page."""

    PERSON = "person"
    TEAM = "team"
    """Everybody in it."""
    SCHEDULE = "schedule"
    """Whoever is on call by it."""


class When(StrEnum):
    """When a step counts; at other times it is passed over."""

    ALWAYS = "always"
    WORKING_HOURS = "working_hours"
    OFF_HOURS = "off_hours"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(_Part):
    """Whom to page."""

    kind: Kind
    id: Annotated[int, Field(ge=1, le=2**31 - 1)]


class Step(_Part):
    """Page somebody, then wait for an answer."""

    notify: Target
    wait_s: Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)] = 300
    when: When = When.ALWAYS


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("There is no time zone of this name.") from None
    return name


class Hours(_Part):
    """Working hours, by the clock of a zone. An end before the start lies on the next day."""

    days: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)] = (
        0,
        1,
        2,
        3,
        4,
    )
    """Days of the week, 0 for Monday."""
    start: time = time(8)
    end: time = time(18)
    zone: Annotated[str, Field(max_length=64), AfterValidator(_zone)] = "UTC"

    def hold(self, at: datetime) -> bool:
        """Say whether it is working time."""
        return any(start <= at < end for start, end in self._stretches(at))

    def next_start(self, at: datetime) -> datetime:
        """Return when working time begins next, after this moment."""
        return next(start for start, _ in self._stretches(at) if start > at)

    def _stretches(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.zone)
        today = at.astimezone(zone).date()
        for offset in range(-1, WEEK_DAYS + 2):
            day = today + timedelta(days=offset)
            if day.weekday() in self.days:
                last = day if self.end > self.start else day + timedelta(days=1)
                yield (
                    datetime.combine(day, self.start, zone).astimezone(UTC),
                    datetime.combine(last, self.end, zone).astimezone(UTC),
                )


MACHINE_FIRST_S = {Severity.CRITICAL: 0, Severity.HIGH: 180, Severity.MEDIUM: 600, Severity.LOW: 1800}
"""How long the machine may try before a person is paged, unless a chain says otherwise."""
LOW_URGENCY = (Severity.MEDIUM, Severity.LOW)


class Plan(_Part):
    """All that a chain says."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=limits.CHAIN_STEPS)]
    repeats: Annotated[int, Field(ge=0, le=limits.CHAIN_REPEATS)] = 1
    last_resort: Target | None = None
    machine_first_s: dict[Severity, Annotated[int, Field(ge=0, le=LONGEST_MACHINE_FIRST_S)]] = Field(
        default_factory=lambda: dict(MACHINE_FIRST_S)
    )
    low_urgency: tuple[Severity, ...] = LOW_URGENCY
    """Severities whose pages wait for working hours."""
    hours: Hours = Hours()

    def machine_first(self, severity: Severity) -> timedelta:
        """Return how long the machine may try."""
        return timedelta(seconds=self.machine_first_s.get(severity, MACHINE_FIRST_S[severity]))

    def is_urgent(self, severity: Severity) -> bool:
        """Say whether pages leave at any hour."""
        return severity not in self.low_urgency

    def counts(self, step: Step, at: datetime) -> bool:
        """Say whether a step counts at this moment."""
        return step.when is When.ALWAYS or self.hours.hold(at) is (step.when is When.WORKING_HOURS)

    def targets(self) -> tuple[Target, ...]:
        """Return all whom it names."""
        last = (self.last_resort,) if self.last_resort else ()
        return tuple(step.notify for step in self.steps) + last
