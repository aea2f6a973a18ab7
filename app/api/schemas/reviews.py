"""Reviews and follow-ups, as the API takes and gives them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from app.api import preconditions
from app.api.schemas.base import Id, Input, Person, Tagged, Text, Time
from app.incidents.service import MAX_TEXT
from app.records.incidents import FollowUp, Incident
from app.reviews.service import MAX_FOLLOW_UP


class Written(Input):
    """What happened and why, in Markdown."""

    summary: Annotated[str, Field(max_length=MAX_TEXT, description="What happened.")]
    cause: Annotated[str, Field(max_length=MAX_TEXT, description="Why.")]


class NewFollowUp(Input):
    """What is to be done."""

    text: Annotated[Text, Field(max_length=MAX_FOLLOW_UP)]
    owner: Annotated[Id | None, Field(description="Id of the user who does it.")] = None
    due_on: date | None = None


class Settled(Input):
    """Whether it is done."""

    done: bool


class FollowUpOut(BaseModel):
    """What is to be done after an incident."""

    id: int
    text: str
    owner: Person | None
    due_on: date | None
    done_at: Time | None

    @classmethod
    def of(cls, item: FollowUp) -> "FollowUpOut":
        """Return the follow-up as the API shows it."""
        owner = Person(id=item.owner.id, name=item.owner.name) if item.owner else None
        return cls(id=item.id, text=item.text, owner=owner, due_on=item.due_on, done_at=item.done_at)


class ReviewOut(Tagged):
    """What happened, why, and what is to be done. `version` is the incident's."""

    incident: int
    summary: str
    cause: str
    follow_ups: Sequence[FollowUpOut]
    version: int
    updated_at: Time

    def etag(self) -> str:
        """Return the tag of the incident: a review is a part of it."""
        return preconditions.tag(self.version, self.updated_at)

    @classmethod
    def of(cls, incident: Incident, items: Sequence[FollowUp]) -> "ReviewOut":
        """Return the review as the API shows it."""
        return cls(
            incident=incident.id,
            summary=incident.summary,
            cause=incident.cause,
            follow_ups=[FollowUpOut.of(item) for item in items],
            version=incident.version,
            updated_at=incident.updated_at,
        )
