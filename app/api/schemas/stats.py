"""Numbers, as the API gives them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.api.schemas.base import Input, Time
from app.numbers.periods import Period
from app.numbers.queries import Automation, Times
from app.records.lifecycle import State
from app.severities import Severity


class StatsQuery(Input):
    """Which period."""

    period: Annotated[Literal["7d", "30d", "90d"], Field(description="So many days that end now.")] = "7d"


class IncidentCount(BaseModel):
    """How many incidents have this state and severity."""

    state: State
    severity: Severity
    count: int


class RunCount(BaseModel):
    """How many runs of this remedy ended so."""

    remedy: str
    state: str
    count: int


class VerdictCount(BaseModel):
    """How many runs of this remedy had this verdict."""

    remedy: str
    verdict: str
    count: int


class DecisionCount(BaseModel):
    """How many decisions were taken for this reason."""

    decision: str
    reason: str
    count: int


class TimesOut(BaseModel):
    """How long the incidents of a severity took, with or without automation; means in seconds."""

    severity: Severity
    with_automation: bool
    opened: int
    acknowledged: int
    mtta_s: Annotated[float | None, Field(description="Mean time to acknowledge.")]
    resolved: int
    mttr_s: Annotated[float | None, Field(description="Mean time to resolve.")]


class SkipCount(BaseModel):
    """How often the automation did not run for this reason."""

    reason: str
    count: int


class AutomationOut(BaseModel):
    """What the automation did."""

    attempted: int
    verified: int
    ineffective: int
    inconclusive: int
    skipped: Sequence[SkipCount]


class PeriodOut(BaseModel):
    """How a period went. An incident belongs to the period in which it was opened."""

    starts_at: Time
    ends_at: Time
    times: Sequence[TimesOut]
    automation: AutomationOut

    @classmethod
    def of(
        cls, period: Period, times: Mapping[tuple[Severity, bool], Times], done: Automation
    ) -> "PeriodOut":
        """Return the period as the API shows it."""
        counted = ("opened", "acknowledged", "mtta_s", "resolved", "mttr_s")
        return cls(
            starts_at=period.start,
            ends_at=period.end,
            times=[
                TimesOut(
                    severity=severity,
                    with_automation=has_run,
                    **{name: getattr(group, name) for name in counted},
                )
                for (severity, has_run), group in sorted(times.items())
            ],
            automation=AutomationOut(
                attempted=done.attempted,
                verified=done.verified,
                ineffective=done.ineffective,
                inconclusive=done.inconclusive,
                skipped=[SkipCount(reason=reason, count=count) for reason, count in done.skipped],
            ),
        )


class Stats(BaseModel):
    """How things stand: what is there, and what the automation has done with what result."""

    incidents: list[IncidentCount]
    runs: list[RunCount]
    verdicts: list[VerdictCount]
    decisions: list[DecisionCount]
    is_automation_paused: bool
    period: PeriodOut
