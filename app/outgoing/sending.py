"""Sending changes to outgoing webhooks: CloudEvents 1.0 in structured mode, signed by Standard Webhooks."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

from app import outside, vault
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.notify.delivery import DeliveryError
from app.notify.smtp import Phase
from app.outside import Allowed, Unreachable
from app.records.channels import OutgoingWebhook
from app.records.incidents import Incident
from app.records.outbox import OutboxMessage
from app.vault import Purpose
from contract.moments import rfc3339

TYPE = "oims.incident."
NEVER_TAKEN = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""The receiver has read this message and will never take it; anything else may pass, or be mended."""


class WebhookCaller:
    """Sends the messages of the channel `webhook`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._allowed = Allowed.of(settings.outgoing_allow)

    def send(self, message: OutboxMessage, watch: Callable[[Phase], None] = lambda _: None) -> None:
        """Call the webhook with one change.

        Raises:
            DeliveryError: it was not taken.

        """
        del watch  # a call is over long before a claim ends
        url, secret, body, content_type = self._call(message)
        headers = {"Content-Type": content_type} | signature(
            secret, message.batch, int(now().timestamp()), body
        )
        try:
            answer = outside.post(url, body, headers, self._allowed)
        except Unreachable as error:
            raise DeliveryError(error.reason, is_permanent=error.is_refused) from None
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        told = f": {answer.text}" if answer.text else "."
        raise DeliveryError(
            f"It answered {answer.status}{told}",
            is_permanent=answer.status in NEVER_TAKEN,
            wait_s=answer.retry_after_s,
        )

    def close(self) -> None:
        """Nothing stays open."""

    def _call(self, message: OutboxMessage) -> tuple[str, str, bytes, str]:
        """Read what the call needs, and let go of the database."""
        try:
            webhook = db.session.get(OutgoingWebhook, message.hook_id or 0)
            if webhook is None:
                raise DeliveryError("The outgoing webhook was deleted.", is_permanent=True)
            url = vault.open_(webhook.url_sealed, purpose=Purpose.WEBHOOK_ADDRESS, owner=webhook.id)
            secret = vault.open_(webhook.secret_sealed, purpose=Purpose.WEBHOOK_SECRET, owner=webhook.id)
            request = to_structured_event(event(message, self._settings.base_url))
        except vault.Unreadable:
            reason = "OIMS_SECRET_KEY has changed: enter address and secret again."
            raise DeliveryError(reason, is_permanent=True) from None
        finally:
            db.session.rollback()
        return url, secret, bytes(request.body), request.headers["content-type"]


def event(message: OutboxMessage, base_url: str) -> CloudEvent:
    """Return the event of a message: the change as it was, the incident as it is now."""
    payload = message.payload or {}
    incident = db.session.get(Incident, payload["incident"])
    change = {name: payload[name] for name in ("kind", "summary", "actor", "at", "data")}
    return CloudEvent(
        {
            "id": message.batch,
            "source": base_url,
            "type": f"{TYPE}{payload['kind']}",
            "subject": f"incidents/{payload['incident']}",
            "time": datetime.fromisoformat(payload["at"]),
            "datacontenttype": "application/json",
            "sequence": f"{message.id:020}",
        },
        {"change": change, "incident": None if incident is None else _shown(incident, base_url)},
    )


def _shown(incident: Incident, base_url: str) -> dict[str, Any]:
    moments = ("opened_at", "acknowledged_at", "escalated_at", "resolved_at", "updated_at")
    return {
        "id": incident.id,
        "title": incident.title,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "service": incident.service,
        "source": incident.source.value,
        "alertname": incident.alertname,
        "labels": incident.labels,
        "is_firing": incident.is_firing,
        "verdict": incident.verdict.value if incident.verdict else None,
        "owner": incident.owner.name if incident.owner else None,
        "url": f"{base_url}/incidents/{incident.id}",
        "version": incident.version,
    } | {name: rfc3339(at) if (at := getattr(incident, name)) else None for name in moments}


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks: id, timestamp, and the HMAC-SHA256 of both with the body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{digest}",
    }
