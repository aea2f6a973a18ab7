"""The event: one row of the journal, one signed log line."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from automation.clock import parse_time


def _is_time(text: str) -> str:
    parse_time(text)
    return text


Time = Annotated[str, AfterValidator(_is_time)]


class Event(BaseModel):
    """What happened to an alert, as far as automation reads it (the signature covers more)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Literal["alert"]
    seq: int = Field(ge=1)
    id: str = Field(min_length=1)
    episode: str = Field(min_length=1)
    source: str
    received_at: Time
    status: Literal["firing", "resolved"]
    fingerprint: str = Field(min_length=1)
    starts_at: str
    ends_at: str | None = None
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)

    @property
    def alertname(self) -> str:
        """The alert's name; empty when it has none."""
        return self.labels.get("alertname", "")
