"""Chains, routes and who would be paged, as the API takes and gives them."""

from datetime import datetime, time
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from app.alerts.events import MAX_LABELS, Pairs
from app.api.schemas.base import Id, Input, Text, Time, Word
from app.escalations import queries, routing, service
from app.escalations.explain import Explanation
from app.escalations.plan import LOW_URGENCY, MACHINE_FIRST_S, Kind, When
from app.escalations.service import Draft
from app.records.escalations import Chain, Escalation, EscalationState, Route
from app.severities import Severity
from contract import durations, limits

Duration = Annotated[str, Field(pattern=durations.WHOLE_PATTERN, min_length=2, max_length=limits.WORD)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="`08:00`")]


class TargetIn(Input):
    """Whom to page."""

    kind: Kind
    id: Id


class HelpIn(TargetIn):
    """Whom to ask for help, and why."""

    reason: Annotated[str, Field(max_length=limits.TEXT)] = ""


class StepIn(Input):
    """Page somebody, then wait for an answer."""

    notify: TargetIn
    wait: Duration = "5m"
    when: When = When.ALWAYS


class HoursIn(Input):
    """Working hours by the clock of a zone; an end before the start lies on the next day."""

    days: Annotated[
        list[Annotated[int, Field(ge=0, le=6)]],
        Field(min_length=1, max_length=7, description="0 is Monday."),
    ] = Field(default_factory=lambda: [0, 1, 2, 3, 4])
    start: Clock = "08:00"
    end: Clock = "18:00"
    zone: Word = "UTC"


class _Chain(Input):
    name: Annotated[Text, Field(max_length=limits.CHAIN_NAME)]
    default: Annotated[bool, Field(description="For incidents that no route leads elsewhere.")] = False
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=limits.CHAIN_STEPS)]
    repeats: Annotated[int, Field(ge=0, le=limits.CHAIN_REPEATS)] = 1
    last_resort: TargetIn | None = None
    machine_first: Annotated[
        dict[Severity, Duration], Field(description="How long automation may try before somebody is paged.")
    ] = Field(default_factory=lambda: {key: durations.write(one) for key, one in MACHINE_FIRST_S.items()})
    low_urgency: Annotated[
        list[Severity], Field(max_length=len(Severity), description="These wait for working hours.")
    ] = Field(default_factory=lambda: list(LOW_URGENCY))
    hours: HoursIn = HoursIn()


class ChainIn(_Chain):
    """A chain; what is left out gets its default."""

    def draft(self) -> Draft:
        """Return it as the use case takes it; raises InvalidInput where something of it can't be."""
        plan = service.read_plan(
            {
                "steps": [
                    {
                        "notify": step.notify.model_dump(),
                        "wait_s": durations.read_whole(step.wait),
                        "when": step.when,
                    }
                    for step in self.steps
                ],
                "repeats": self.repeats,
                "last_resort": self.last_resort.model_dump() if self.last_resort else None,
                "machine_first_s": {
                    key: durations.read_whole(one) for key, one in self.machine_first.items()
                },
                "low_urgency": self.low_urgency,
                "hours": self.hours.model_dump(),
            }
        )
        return Draft(name=self.name, plan=plan, is_default=self.default)


class ChainOut(_Chain):
    """A chain."""

    id: int

    @classmethod
    def of(cls, chain: Chain) -> "ChainOut":
        """Return the chain as the API shows it."""
        plan = queries.plan(chain)
        steps = [
            StepIn(
                notify=TargetIn(**step.notify.model_dump()),
                wait=durations.write(step.wait_s),
                when=step.when,
            )
            for step in plan.steps
        ]
        hours = plan.hours
        return cls(
            id=chain.id,
            name=chain.name,
            default=chain.is_default,
            steps=steps,
            repeats=plan.repeats,
            last_resort=TargetIn(**plan.last_resort.model_dump()) if plan.last_resort else None,
            machine_first={
                severity: durations.write(plan.machine_first(severity).total_seconds())
                for severity in Severity
            },
            low_urgency=list(plan.low_urgency),
            hours=HoursIn(
                days=list(hours.days), start=_clock(hours.start), end=_clock(hours.end), zone=hours.zone
            ),
        )


def _clock(moment: time) -> str:
    return moment.strftime("%H:%M")


class RouteIn(Input):
    """Which incidents go to which chain."""

    matchers: Annotated[
        Text,
        Field(
            max_length=limits.MATCHERS_TEXT,
            description="On labels, `severity`, `service` and `source`, in Alertmanager's syntax.",
        ),
    ]
    chain: Id


class RouteOut(BaseModel):
    """A route; of several, the first that fits counts."""

    id: int
    matchers: list[str]
    chain: int

    @classmethod
    def of(cls, route: Route) -> "RouteOut":
        """Return the route as the API shows it."""
        matchers = [str(condition) for condition in routing.conditions(route)]
        return cls(id=route.id, matchers=matchers, chain=route.chain_id)


class WhoIn(Input):
    """An alert, to be asked about."""

    labels: Annotated[Pairs, Field(max_length=MAX_LABELS)] = Field(default_factory=dict)
    severity: Severity | None = None
    at: Annotated[AwareDatetime | None, Field(description="When it opens; now, if left out.")] = None


class LineOut(BaseModel):
    """One step, when it would come, and whom it would page; nobody may be there."""

    at: Time
    step: str
    whom: str
    nobody: bool


class WhoOut(BaseModel):
    """Who would be paged if nobody acknowledged, and why."""

    chain: int | None
    route: int | None
    reasons: list[str]
    steps: list[LineOut]

    @classmethod
    def of(cls, found: Explanation) -> "WhoOut":
        """Return the answer as the API shows it."""
        lines = [
            LineOut(at=line.at, step=line.where, whom=line.whom, nobody=line.is_nobody)
            for line in found.lines
        ]
        choice = found.choice
        return cls(
            chain=choice.chain.id if choice.chain else None,
            route=choice.route.id if choice.route else None,
            reasons=list(found.reasons),
            steps=lines,
        )


class PagingOut(BaseModel):
    """How the paging for an incident stands; without a chain, all is null."""

    state: EscalationState | None
    chain: str | None
    reason: str | None
    next: Annotated[str | None, Field(description="Whom the next page is for.")]
    latest_at: Annotated[Time | None, Field(description="When that page leaves at the latest.")]
    paged_at: Annotated[Time | None, Field(description="The first page.")]
    more: Annotated[int, Field(description="Further incidents that its page tells of.")]

    @classmethod
    def of(cls, found: Escalation | None) -> "PagingOut":
        """Return it as the API shows it."""
        moments: dict[str, datetime | None] = {
            "latest_at": found.latest_at if found else None,
            "paged_at": found.paged_at if found else None,
        }
        return cls(
            state=found.state if found else None,
            chain=(found.chain_name or None) if found else None,
            reason=found.reason if found else None,
            next=(found.next_whom or None) if found else None,
            more=queries.joined(found.id) if found else 0,
            **moments,
        )
