"""The one model of an event: what the webhook writes is what app and automation read."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.alerts.events import JournalEvent
from automation.events import schemas
from contract import events, limits
from contract.events import Status, event_id
from contract.moments import rfc3339
from webhook.event import from_alert
from webhook.journal import Source
from webhook.payload import Message

READERS = [JournalEvent, schemas.Event]


def written(**changes: Any) -> dict[str, Any]:
    """Return an event as the webhook makes it, with what its journal adds."""
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    sent = {"status": "firing", "labels": {"alertname": "Full"}, "startsAt": rfc3339(at)}
    message = Message.model_validate({"alerts": [sent]})
    row = from_alert(message.alerts[0], message, at, Source.ALERTMANAGER)
    key = event_id(row["fingerprint"], row["starts_at"], Status.FIRING)
    return row | {"seq": 1, "id": key, "episode": key} | changes


@pytest.mark.parametrize("reader", READERS)
def test_app_and_automation_read_what_the_webhook_writes(reader: type[events.Event]) -> None:
    event = reader.model_validate(written())
    assert isinstance(event, events.Event)
    assert (event.status, event.labels) == (Status.FIRING, {"alertname": "Full"})


def test_every_field_of_the_model_is_one_that_the_webhook_writes() -> None:
    assert set(events.Event.model_fields) <= set(written())


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "change",
    [
        {"seq": 0},
        {"seq": 2**63},
        {"id": ""},
        {"id": "x" * (limits.ID + 1)},
        {"episode": "x" * (limits.ID + 1)},
        {"fingerprint": "f" * (limits.FINGERPRINT + 1)},
        {"source": "s" * (limits.WORD + 1)},
        {"status": "burning"},
        {"labels": None},
    ],
    ids=str,
)
def test_app_and_automation_refuse_alike(reader: type[events.Event], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        reader.model_validate(written(**change))


def test_the_identity_is_of_fingerprint_start_and_status() -> None:
    start = "2026-03-04T05:06:07.000Z"
    keys = {event_id("a", start, status, counter) for status in Status for counter in (0, 1)}
    assert len(keys) == 4
    known = "c5b3a853009ad7d1420a32b2086adb4a855f8e5fc013ae36bf97c21824476ef3"
    assert event_id("a", start, Status.FIRING) == known
