"""The event: what the webhook's journal keeps of an alert that began to fire or ended.

The webhook writes it, signed as `contract.signing` says; app and automation read it. Each adds what it
needs of the times: the app reads them as times, the ledger keeps their text.
"""

import hashlib
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from contract import limits


class Status(StrEnum):
    """Whether the alert is on."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Event(BaseModel):
    """One row of ``GET /events``, one signed log line; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(min_length=1, max_length=limits.ID)
    seq: int = Field(ge=1, le=2**63 - 1)
    episode: str = Field(min_length=1, max_length=limits.ID)
    source: str = Field(max_length=limits.WORD)
    status: Status
    fingerprint: str = Field(min_length=1, max_length=limits.FINGERPRINT)
    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)


def event_id(fingerprint: str, starts_at: str, status: Status, counter: int = 0) -> str:
    """Compute the idempotency key: SHA-256 of the three, and of a counter where an episode has several."""
    parts = [fingerprint, starts_at, status, *([str(counter)] if counter else [])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
