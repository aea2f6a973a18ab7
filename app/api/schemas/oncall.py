"""Schedules and who is on call, as the API takes and gives them."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from app.api.schemas.base import NO_CONTROLS, Id, Input, Person, Text, Time, Word
from app.oncall import queries
from app.oncall.layer import Shift, Unit
from app.oncall.layers import LayerPlan
from app.oncall.notation import write_restriction
from app.oncall.overview import Standing
from app.oncall.service import SchedulePlan
from app.records.oncall import Layer, Override, Schedule
from contract import limits

Named = Annotated[str, Field(min_length=1, max_length=limits.ADDRESS, pattern=NO_CONTROLS)]


class NewSchedule(Input):
    """What a schedule is called, whose it is, and whose clock it keeps to."""

    name: Annotated[Text, Field(max_length=limits.SCHEDULE_NAME)]
    zone: Word = "UTC"
    team: Annotated[Id | None, Field(description="Its lead is told of gaps.")] = None

    def plan(self) -> SchedulePlan:
        """Return it as the use case takes it."""
        return SchedulePlan(name=self.name, zone=self.zone, team_id=self.team)


class NewLayer(Input):
    """People who take turns, by their names or mail addresses."""

    name: Annotated[Text, Field(max_length=limits.LAYER_NAME)]
    turns: Annotated[
        list[Annotated[list[Named], Field(min_length=1, max_length=limits.PEOPLE_AT_ONCE)]],
        Field(min_length=1, max_length=limits.TURNS, description="In order; several people at once or one."),
    ]
    unit: Unit = Unit.WEEKS
    every: Annotated[int, Field(ge=1, le=limits.TURN_HOURS)] = 1
    handover: Annotated[str, Field(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] = "09:00"
    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday; where turns are weeks.")] = 0
    restrictions: Annotated[
        tuple[Annotated[str, Field(max_length=limits.RESTRICTION, pattern=NO_CONTROLS)], ...],
        Field(max_length=limits.RESTRICTIONS, description="As `Mon-Fri 20:00-08:00`."),
    ] = ()
    starts_at: Annotated[AwareDatetime | None, Field(description="Of the first turn; without it, now.")] = (
        None
    )
    ends_at: AwareDatetime | None = None

    def plan(self) -> LayerPlan:
        """Return it as the use case takes it."""
        return LayerPlan(**self.model_dump(exclude={"at_once"}))


class ChangedLayer(NewLayer):
    """A layer as it is to be, after its running turn or at once."""

    at_once: bool = False


class Ending(Input):
    """When a layer ends."""

    at_once: Annotated[bool, Field(description="Cut the turn that runs.")] = False


class NewOverride(Input):
    """Who takes over, from whom, and when."""

    person: Annotated[Id | None, Field(description="Without it, whom the token acts for.")] = None
    instead_of: Annotated[Id | None, Field(description="Without it, everyone who is on call then.")] = None
    starts_at: Annotated[AwareDatetime | None, Field(description="Without it, now.")] = None
    ends_at: AwareDatetime
    reason: Annotated[str, Field(max_length=limits.COMMENT, pattern=NO_CONTROLS)] = ""


class SpanQuery(Input):
    """From when to when."""

    start: Annotated[AwareDatetime | None, Field(description="Without it, now.")] = None
    end: Annotated[AwareDatetime | None, Field(description="Without it, 28 days later.")] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("The end must be after the start.")
        return self


class ShiftOut(BaseModel):
    """A stretch of time and who is on call in it; nobody in a gap."""

    people: list[Person]
    starts_at: Time
    ends_at: Time

    @classmethod
    def of(cls, shift: Shift, names: dict[int, str]) -> "ShiftOut":
        """Return the shift as the API shows it."""
        people = [Person(id=one, name=names.get(one, "")) for one in shift.people]
        return cls(people=people, starts_at=shift.starts_at, ends_at=shift.ends_at)


class ScheduleOut(BaseModel):
    """A schedule and how it stands. `now` ends with `next`, or with a gap, or in 28 days."""

    id: int
    name: str
    zone: str
    team: int | None
    now: ShiftOut
    next: ShiftOut | None
    gap: Annotated[ShiftOut | None, Field(description="The first one that is still to come, in 28 days.")]

    @classmethod
    def of(cls, schedule: Schedule, standing: Standing, names: dict[int, str]) -> "ScheduleOut":
        """Return the schedule as the API shows it."""
        return cls(
            id=schedule.id,
            name=schedule.name,
            zone=schedule.zone,
            team=schedule.team_id,
            now=ShiftOut.of(standing.now, names),
            next=ShiftOut.of(standing.next, names) if standing.next else None,
            gap=ShiftOut.of(standing.gap, names) if standing.gap else None,
        )


class LayerOut(BaseModel):
    """A layer as it was entered last; a change may be still to come."""

    key: int
    name: str
    rank: Annotated[int, Field(description="A higher layer wins.")]
    turns: list[list[Person]]
    unit: Unit
    every: int
    handover: str
    weekday: int
    restrictions: list[str]
    starts_at: Time
    ends_at: Time | None

    @classmethod
    def of(cls, layer: Layer, names: dict[int, str]) -> "LayerOut":
        """Return the layer as the API shows it."""
        rules = queries.as_layer(layer)
        return cls(
            key=layer.key,
            name=layer.name,
            rank=layer.rank,
            turns=[[Person(id=one, name=names.get(one, "")) for one in turn] for turn in rules.turns],
            unit=rules.unit,
            every=layer.every,
            handover=f"{rules.handover:%H:%M}",
            weekday=layer.weekday,
            restrictions=[write_restriction(one) for one in rules.restrictions],
            starts_at=layer.starts_at,
            ends_at=layer.ends_at,
        )


class OverrideOut(BaseModel):
    """An override."""

    id: int
    schedule: int
    person: int
    instead_of: int | None
    starts_at: Time
    ends_at: Time
    reason: str
    by: str

    @classmethod
    def of(cls, override: Override) -> "OverrideOut":
        """Return the override as the API shows it."""
        return cls(
            id=override.id,
            schedule=override.schedule_id,
            person=override.user_id,
            instead_of=override.instead_of_id,
            starts_at=override.starts_at,
            ends_at=override.ends_at,
            reason=override.reason,
            by=override.created_by,
        )
