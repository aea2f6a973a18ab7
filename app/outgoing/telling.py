"""Each timeline entry becomes a message to each outgoing webhook, in the transaction of the change."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from app.clock import now
from app.database import once
from app.extensions import db
from app.records import rows, timeline
from app.records.actors import Actor
from app.records.channels import Channel, OutgoingWebhook
from app.records.entries import Entry
from app.records.incidents import EventKind
from app.records.outbox import MailKind, MailState, OutboxMessage
from contract.moments import rfc3339
from contract.text import one_line

KEEP_TRYING = timedelta(hours=24)
UNTOLD = frozenset({EventKind.MAIL_SENT, EventKind.MAIL_FAILED})
"""That people were told is no change of the incident."""


def init_app(app: Flask) -> None:
    """Hear of every timeline entry from now on."""
    timeline.follow(app, tell)


def tell(incident_id: int, entry: Entry, actor: Actor, summary: str, at: datetime) -> None:
    """Write a message of the change for each webhook that is on."""
    if entry.kind in UNTOLD:
        return
    webhooks = once("outgoing webhooks", _on)
    if not webhooks:
        return
    event = secrets.token_hex(16)
    payload = {
        "incident": incident_id,
        "kind": entry.kind.value,
        "summary": summary,
        "actor": {"kind": actor.kind.value, "name": actor.name},
        "at": rfc3339(at),
        "data": entry.data(),
    }
    for webhook_id, name in webhooks:
        rows.add(OutboxMessage, **columns(webhook_id, name, event, summary) | {"payload": payload})


def columns(webhook_id: int, name: str, event: str, summary: str) -> dict[str, object]:
    """Return the columns of a message to a webhook; ``event`` is what all messages of one change share."""
    moment = now()
    return {
        "kind": MailKind.CHANGE,
        "channel": Channel.WEBHOOK,
        "hook_id": webhook_id,
        "recipient": name,
        "subject": one_line(summary, 200),
        "text": "",
        "html": "",
        "batch": event,
        "message_id": secrets.token_hex(16),
        "state": MailState.WAITING,
        "created_at": moment,
        "next_at": moment,
        "give_up_at": moment + KEEP_TRYING,
    }


def _on() -> Sequence[tuple[int, str]]:
    statement = select(OutgoingWebhook.id, OutgoingWebhook.name).where(OutgoingWebhook.is_on)
    # No change of a webhook waits in a transaction of an incident; to store those of incidents can wait.
    found = db.session.execute(statement, execution_options={"autoflush": False})
    return [(webhook_id, name) for webhook_id, name in found]
