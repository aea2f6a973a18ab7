"""An event as the webhook's journal writes it, and what it means for an incident."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from app.severities import SIGN_OF_LIFE
from contract import limits
from contract.events import Event, Status
from contract.labels import WORDS, most_telling
from contract.text import one_line, safe

MAX_LABELS = limits.LABELS
MAX_NAME = limits.NAME


def _bounded(longest: int) -> Callable[[dict[str, str]], dict[str, str]]:
    """Return what keeps names and values as they came, made safe and within what the webhook takes."""

    def bounded(pairs: dict[str, str]) -> dict[str, str]:
        return {safe(name)[: limits.LABEL_NAME]: safe(value)[:longest] for name, value in pairs.items()}

    return bounded


def _few(pairs: dict[str, str]) -> dict[str, str]:
    return most_telling(pairs, MAX_LABELS, WORDS)


Pairs = Annotated[dict[str, str], AfterValidator(_bounded(limits.LABEL_VALUE))]
Annotations = Annotated[dict[str, str], AfterValidator(_few), AfterValidator(_bounded(limits.ANNOTATION))]


class JournalEvent(Event):
    """One row of ``GET /events``, with times, and with texts that are safe to show."""

    received_at: AwareDatetime
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    labels: Pairs = Field(default_factory=dict)
    annotations: Annotations = Field(default_factory=dict)
    generator_url: str | None = None

    @property
    def alertname(self) -> str:
        """Return the alert's name; an alert without one still gets an incident."""
        return one_line(self.labels.get("alertname", ""), MAX_NAME) or "Alert without a name"

    @property
    def is_sign_of_life(self) -> bool:
        """Say whether this alert only proves that alerts arrive."""
        return self.labels.get("severity", "").strip().lower() == SIGN_OF_LIFE

    @property
    def opens_incidents(self) -> bool:
        """Say whether an incident is opened for this event where there is none."""
        return self.status is Status.FIRING and not self.is_sign_of_life

    @property
    def fired_at(self) -> datetime:
        """Return since when the alert fires."""
        return self.starts_at or self.received_at
