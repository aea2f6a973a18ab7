"""What the API takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import current_app
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from app.alerts.events import MAX_LABELS, Pairs
from app.clock import rfc3339
from app.incidents.actors import ActorKind
from app.incidents.lifecycle import Severity, State
from app.incidents.models import EventKind, Incident, Source, TimelineEvent, Verdict
from app.incidents.service import MAX_SERVICE, MAX_TEXT, MAX_TITLE
from app.paging import MAX_ID, MAX_PAGE_SIZE, PAGE_SIZE

Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]


def _several(value: Any) -> Any:
    """Read ``a,b`` and ``x=a&x=b`` as two values."""
    return value.split(",") if isinstance(value, str) else value


class _Input(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Accepted(BaseModel):
    """The id of a report that is stored."""

    id: str


class NewIncident(_Input):
    """An incident to open."""

    title: Annotated[str, Field(min_length=1, max_length=MAX_TITLE)]
    severity: Severity = Severity.MEDIUM
    description: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    service: Annotated[str, Field(max_length=MAX_SERVICE)] = ""
    labels: Annotated[Pairs, Field(max_length=MAX_LABELS)] = Field(default_factory=dict)
    owner: Annotated[Id | None, Field(description="Id of the user who gets it.")] = None


class Change(_Input):
    """A change with the version it is based on; without one, it applies to whatever is there."""

    version: Annotated[int | None, Field(ge=1)] = None


class Reasoned(Change):
    """A change with a reason."""

    reason: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Assignment(Change):
    """Who gets it; null takes the owner off."""

    owner: Id | None


class SeverityChange(Change):
    """How bad it is now."""

    severity: Severity


class Comment(_Input):
    """What to say."""

    body: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class Page(_Input):
    """Which part of a list."""

    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE


class IncidentQuery(Page):
    """Which incidents."""

    state: Annotated[list[State], BeforeValidator(_several)] = Field(default_factory=list)
    severity: Annotated[list[Severity], BeforeValidator(_several)] = Field(default_factory=list)
    source: Source | None = None
    owner: Id | None = None
    fingerprint: str = ""
    episode: str = ""
    alertname: str = ""
    q: Annotated[
        str, Field(description="Words in title, description, alert name or service.", max_length=200)
    ] = ""


class Person(BaseModel):
    """A user, as others see them."""

    id: int
    name: str


class IncidentOut(BaseModel):
    """An incident."""

    id: int
    title: str
    description: str
    state: State
    severity: Severity
    source: Source
    service: str | None
    fingerprint: str | None
    episode: str | None
    alertname: str | None
    labels: dict[str, str]
    annotations: dict[str, str]
    is_firing: bool
    opened_at: Time
    acknowledged_at: Time | None
    escalated_at: Time | None
    resolved_at: Time | None
    updated_at: Time
    owner: Person | None
    verdict: Verdict | None
    previous: int | None
    version: int
    url: str

    @classmethod
    def of(cls, incident: Incident) -> "IncidentOut":
        """Return the incident as the API shows it."""
        columns = {name: getattr(incident, name) for name in cls.model_fields if hasattr(Incident, name)}
        owner = Person(id=incident.owner.id, name=incident.owner.name) if incident.owner else None
        base_url = current_app.config["SETTINGS"].base_url
        return cls(
            **columns
            | {
                "owner": owner,
                "previous": incident.previous_id,
                "url": f"{base_url}/incidents/{incident.id}",
            },
        )


class Incidents(BaseModel):
    """A page of incidents, newest first."""

    items: list[IncidentOut]
    next: str | None


class ActorOut(BaseModel):
    """Who did it."""

    kind: ActorKind
    name: str


class TimelineItem(BaseModel):
    """One thing that happened."""

    id: int
    at: Time
    kind: EventKind
    actor: ActorOut
    summary: str
    data: dict[str, Any]

    @classmethod
    def of(cls, event: TimelineEvent) -> "TimelineItem":
        """Return the event as the API shows it."""
        return cls(
            id=event.id,
            at=event.at,
            kind=event.kind,
            actor=ActorOut(kind=event.actor_kind, name=event.actor_name),
            summary=event.summary,
            data=event.data,
        )


class Timeline(BaseModel):
    """A page of a timeline, in the order in which things were recorded."""

    items: list[TimelineItem]
    next: str | None


class Document(BaseModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: Literal["3.1.0"]
