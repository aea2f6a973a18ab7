"""From a validated alert to the fields of an event."""

from datetime import UTC, datetime
from typing import Any

from contract.moments import rfc3339
from webhook.fingerprints import fingerprint
from webhook.journal import Source
from webhook.payload import Alert, Message


def now() -> datetime:
    """Return the present, in UTC."""
    return datetime.now(UTC)


def from_alert(alert: Alert, message: Message, received_at: datetime, source: Source) -> dict[str, Any]:
    """Make the event of an alert, without the fields the journal gives it.

    ``starts_at`` is None for an alert that doesn't say when it began: the journal may know.
    """
    return {
        "kind": "alert",
        "source": source,
        "received_at": rfc3339(received_at),
        "status": alert.status,
        "fingerprint": alert.fingerprint or fingerprint(alert.labels),
        "starts_at": rfc3339(alert.starts_at) if alert.starts_at else None,
        "ends_at": rfc3339(alert.ends_at) if alert.ends_at and alert.status == "resolved" else None,
        "labels": alert.labels,
        "annotations": alert.annotations,
        "generator_url": alert.generator_url,
        "group_key": message.group_key,
        "receiver": message.receiver,
    }
