"""Events of the journal, as the API gives them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.base import Id, Page, Time, Word


class AlertQuery(Page):
    """Which events of the journal."""

    incident: Id | None = None
    fingerprint: Word = ""
    episode: Word = ""
    status: Literal["firing", "resolved"] | None = None


class AlertOut(BaseModel):
    """An event of the journal that took effect here."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    seq: int
    episode: str
    fingerprint: str
    status: str
    source: str
    incident: Annotated[int | None, Field(validation_alias="incident_id")]
    starts_at: Time | None
    received_at: Time
