"""Incidents and their timelines, as the API takes and gives them."""

from typing import Annotated, Any

from flask import current_app
from pydantic import BaseModel, Field

from app.alerts.events import MAX_LABELS, Pairs
from app.api import preconditions
from app.api.schemas.base import Id, Input, Page, Person, Several, Tagged, Text, Time, Word
from app.incidents.details import MAX_TAGS
from app.incidents.service import MAX_SERVICE, MAX_TEXT, MAX_TITLE
from app.records.actors import ActorKind
from app.records.incidents import EventKind, Incident, Source, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from contract.runs import Verdict


class NewIncident(Input):
    """An incident to open."""

    title: Annotated[Text, Field(max_length=MAX_TITLE)]
    severity: Severity = Severity.MEDIUM
    description: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    service: Annotated[str, Field(max_length=MAX_SERVICE)] = ""
    labels: Annotated[Pairs, Field(max_length=MAX_LABELS)] = Field(default_factory=dict)
    owner: Annotated[Id | None, Field(description="Id of the user who gets it.")] = None


class Reasoned(Input):
    """A change with a reason."""

    reason: Annotated[str, Field(max_length=MAX_TEXT)] = ""


class Assignment(Input):
    """Who gets it; null takes the owner off."""

    owner: Id | None


class SeverityChange(Input):
    """How bad it is now."""

    severity: Severity


class Comment(Input):
    """What to say."""

    body: Annotated[Text, Field(max_length=MAX_TEXT)]


class Details(Input):
    """What it is about. Both are replaced; the alert's own labels stay as they came."""

    service: Annotated[str, Field(max_length=MAX_SERVICE)]
    tags: Annotated[dict[str, str], Field(max_length=MAX_TAGS, description="Labels that people give.")]


class Duplicate(Input):
    """The incident that goes on for this one."""

    into: Id


class Other(Input):
    """The incident that this one has to do with."""

    other: Id


class IncidentQuery(Page):
    """Which incidents."""

    state: Several[State] = Field(default_factory=list)
    severity: Several[Severity] = Field(default_factory=list)
    source: Source | None = None
    owner: Id | None = None
    fingerprint: Word = ""
    episode: Word = ""
    alertname: Word = ""
    q: Annotated[Word, Field(description="Words in title, description, alert name or service.")] = ""


class IncidentOut(Tagged):
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
    tags: dict[str, str]
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
    merged_into: int | None
    version: int
    url: str

    def etag(self) -> str:
        """Return the tag that stands for what the incident is now."""
        return preconditions.tag(self.version, self.updated_at)

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
                "merged_into": incident.merged_into_id,
                "url": f"{base_url}/incidents/{incident.id}",
            },
        )


class Incidents(BaseModel):
    """A page of incidents, newest first."""

    items: list[IncidentOut]
    next: str | None


class ActorOut(BaseModel):
    """Who did it; `id` is the account, of people only."""

    kind: ActorKind
    name: str
    id: int | None


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
            actor=ActorOut(kind=event.actor_kind, name=event.actor_name, id=event.actor_id),
            summary=event.summary,
            data=event.data,
        )


class Timeline(BaseModel):
    """A page of a timeline, in the order in which things were recorded."""

    items: list[TimelineItem]
    next: str | None
