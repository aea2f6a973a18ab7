"""Events as the webhook's journal writes them, for tests that need no webhook."""

from datetime import datetime
from itertools import count
from typing import Any

from app.alerts import intake
from app.alerts.events import JournalEvent
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.records import cursor
from contract.moments import rfc3339
from tests.app import statements

_numbers = count(1)


def event(status: str = "firing", **values: Any) -> dict[str, Any]:
    seq = values.pop("seq", None) or next(_numbers)
    starts_at: datetime = values.pop("starts_at", now())
    return {
        "kind": "alert",
        "seq": seq,
        "id": f"event-{seq}",
        "episode": "episode-1",
        "source": "alertmanager",
        "status": status,
        "fingerprint": "c6ac9a1b2c3d4e5f",
        "received_at": rfc3339(now()),
        "starts_at": rfc3339(starts_at),
        "ends_at": None,
        "labels": {"alertname": "IncidentAppErrors", "severity": "critical", "job": "oims-app"},
        "annotations": {"summary": "Every second request fails"},
        "generator_url": "http://prometheus.example.org/graph",
        "sig": "hmac-sha256:00",
    } | values


def take(settings: Settings, *events: dict[str, Any]) -> None:
    """Apply events as the worker does: all in one transaction with the cursor."""
    with transaction():
        place = cursor.lock()
        intake.take_in([JournalEvent.model_validate(row) for row in events], settings)
        place.offset = events[-1]["seq"]


def statements_of(settings: Settings, *events: dict[str, Any]) -> int:
    """Apply events; return how many statements that took."""
    with statements.seen() as found:
        take(settings, *events)
    return len(found)
