"""The event: one row of the journal, one signed log line."""

from typing import Annotated, Literal

from pydantic import AfterValidator

import contract.events
from automation.clock import parse_time


def _is_time(text: str) -> str:
    parse_time(text)
    return text


Time = Annotated[str, AfterValidator(_is_time)]


class Event(contract.events.Event):
    """What happened to an alert, as far as automation reads it (the signature covers more)."""

    kind: Literal["alert"]
    received_at: Time
    starts_at: str
    ends_at: str | None = None

    @property
    def alertname(self) -> str:
        """The alert's name; empty when it has none."""
        return self.labels.get("alertname", "")
