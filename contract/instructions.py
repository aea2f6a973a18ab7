"""What people ask of the automation, as the app tells it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.matchers import Matcher, fits
from contract.moments import Moment


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Answer(_Part):
    """What a person said to a run that waited for it."""

    id: str
    state: Literal["approved", "rejected"]
    by: str = ""
    at: Moment | None = None


class Window(_Part):
    """A maintenance window: while it lasts, nothing is repaired that it matches."""

    id: int | str
    matchers: tuple[Matcher, ...] = ()
    starts_at: Moment
    ends_at: Moment
    comment: str = ""

    def holds(self, labels: Mapping[str, str], now: datetime) -> bool:
        """Say whether an alert is in the window now."""
        return self.starts_at <= now < self.ends_at and fits(self.matchers, labels)


class Instructions(_Part):
    """Everything people ask; ``version`` grows with each change."""

    version: int = Field(default=0, ge=0)
    paused: bool = False
    paused_by: str | None = None
    approvals: tuple[Answer, ...] = ()
    maintenance: tuple[Window, ...] = ()
    server_time: Moment | None = None

    @property
    def pause(self) -> str | None:
        """Who paused automation, in words; none when it is not paused."""
        if not self.paused:
            return None
        return f"in the app by {self.paused_by}" if self.paused_by else "in the app"

    def answer(self, approval_id: str) -> Answer | None:
        """Return what a person said to a question."""
        return next((answer for answer in self.approvals if answer.id == approval_id), None)
