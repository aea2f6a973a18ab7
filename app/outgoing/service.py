"""What administrators do with outgoing webhooks. Each change has its entry in the audit trail."""

import base64
import secrets
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import func, select, update

from app import outside, vault
from app.database import transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.outgoing import queries, telling
from app.outside import Allowed
from app.paging import MAX_ID
from app.records import audit
from app.records.actors import Actor
from app.records.channel_entries import (
    WebhookChanged,
    WebhookCreated,
    WebhookDeleted,
    WebhookReplayed,
    WebhookSecretMade,
)
from app.records.channels import OutgoingWebhook
from app.records.outbox import MailState, OutboxMessage
from app.text import entered
from app.vault import Purpose
from contract import limits
from contract.text import one_line

SECRET_BYTES = 32


def create(*, name: str, url: str, actor: Actor) -> tuple[OutgoingWebhook, str]:
    """Have an address told of every change; return the webhook, and the secret that signs its calls.

    Raises:
        InvalidInput: name or address are wrong, the name is taken, or there are too many.

    """
    name, url = _checked(name, url)
    with transaction():
        if (db.session.scalar(select(func.count(OutgoingWebhook.id))) or 0) >= limits.OUTGOING_WEBHOOKS:
            raise InvalidInput(f"There can be at most {limits.OUTGOING_WEBHOOKS} outgoing webhooks.")
        _check_name(name)
        webhook = OutgoingWebhook(name=name, host="", url_sealed="", secret_sealed="", created_by=actor.name)
        db.session.add(webhook)
        db.session.flush()
        _keep_address(webhook, url)
        secret = _new_secret(webhook)
        summary = f"{actor.name} added outgoing webhook {webhook.id}: {name}, at {webhook.host}"
        audit.record(WebhookCreated(webhook=webhook.id), actor, summary)
    return webhook, secret


def change(webhook_id: int, *, name: str, url: str, actor: Actor) -> OutgoingWebhook:
    """Give a webhook another name, or another address; an empty address keeps the present one.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: name or address are wrong, or the name is taken.

    """
    name, url = _checked(name, url, is_known=True)
    with transaction():
        webhook = queries.get(webhook_id, is_locked=True)
        _check_name(name, but=webhook_id)
        webhook.name = name
        if url:
            _keep_address(webhook, url)
        summary = f"{actor.name} changed outgoing webhook {webhook.id}: {name}, at {webhook.host}"
        audit.record(WebhookChanged(webhook=webhook.id), actor, summary)
    return webhook


def turn(webhook_id: int, *, is_on: bool, actor: Actor) -> OutgoingWebhook:
    """Turn a webhook on or off; what still waits for one that is turned off is superseded.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        webhook = queries.get(webhook_id, is_locked=True)
        webhook.is_on = is_on
        if not is_on:
            _supersede(webhook_id, f"{actor.name} turned the webhook off.")
        summary = (
            f"{actor.name} turned outgoing webhook {webhook.id} {'on' if is_on else 'off'}: {webhook.name}"
        )
        audit.record(WebhookChanged(webhook=webhook.id), actor, summary)
    return webhook


def renew_secret(webhook_id: int, *, actor: Actor) -> str:
    """Sign with a new secret from now on, and return it.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        webhook = queries.get(webhook_id, is_locked=True)
        secret = _new_secret(webhook)
        summary = f"{actor.name} gave outgoing webhook {webhook.id} a new secret: {webhook.name}"
        audit.record(WebhookSecretMade(webhook=webhook.id), actor, summary)
    return secret


def delete(webhook_id: int, *, actor: Actor) -> None:
    """Forget a webhook; its messages stay in the outbox.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        webhook = queries.get(webhook_id, is_locked=True)
        _supersede(webhook_id, f"{actor.name} deleted the webhook.")
        db.session.execute(
            update(OutboxMessage).where(OutboxMessage.hook_id == webhook_id).values(hook_id=None)
        )
        summary = f"{actor.name} deleted outgoing webhook {webhook.id}: {webhook.name}"
        audit.record(WebhookDeleted(webhook=webhook.id), actor, summary)
        db.session.delete(webhook)


def replay(webhook_id: int, message_id: int, *, actor: Actor) -> OutboxMessage:
    """Send a change once more, after all that waits; the event keeps its id.

    Raises:
        NotFound: there is no such webhook or delivery.
        InvalidInput: the webhook is off.

    """
    with transaction():
        webhook = queries.get(webhook_id)
        message = db.session.get(OutboxMessage, message_id) if message_id <= MAX_ID else None
        if message is None or message.hook_id != webhook_id or message.payload is None:
            raise NotFound(f"There is no delivery {message_id} of this webhook.")
        if not webhook.is_on:
            raise InvalidInput("Turn the webhook on first.")
        columns = telling.columns(webhook.id, webhook.name, message.batch, message.subject)
        again = OutboxMessage(**columns, payload=message.payload)
        db.session.add(again)
        summary = f"{actor.name} had a change sent to outgoing webhook {webhook.id} once more: {webhook.name}"
        audit.record(WebhookReplayed(webhook=webhook.id, message=message.id), actor, summary)
    return again


def address_of(webhook: OutgoingWebhook) -> str:
    """Return a webhook's address; empty if OIMS_SECRET_KEY is another than when it was entered."""
    try:
        return vault.open_(webhook.url_sealed, purpose=Purpose.WEBHOOK_ADDRESS, owner=webhook.id)
    except vault.Unreadable:
        return ""


def _checked(name: str, url: str, *, is_known: bool = False) -> tuple[str, str]:
    name = one_line(entered("name", name, limits.METHOD_NAME, required=True))
    url = entered("url", url, limits.URL, required=not is_known).strip()
    allowed = Allowed.of(current_app.config["SETTINGS"].outgoing_allow)
    if url and (wrong := outside.problem(url, allowed)) is not None:
        raise InvalidInput(wrong, [{"field": "url", "message": wrong}])
    return name, url


def _check_name(name: str, but: int | None = None) -> None:
    statement = select(OutgoingWebhook.id).where(
        OutgoingWebhook.name == name, OutgoingWebhook.id != (but or 0)
    )
    if db.session.scalar(statement) is not None:
        message = "There is an outgoing webhook of this name already."
        raise InvalidInput(message, [{"field": "name", "message": message}])


def _keep_address(webhook: OutgoingWebhook, url: str) -> None:
    webhook.host = one_line(urlsplit(url).netloc, 255)
    webhook.url_sealed = vault.seal(url, purpose=Purpose.WEBHOOK_ADDRESS, owner=webhook.id)


def _new_secret(webhook: OutgoingWebhook) -> str:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    webhook.secret_sealed = vault.seal(secret, purpose=Purpose.WEBHOOK_SECRET, owner=webhook.id)
    return secret


def _supersede(webhook_id: int, reason: str) -> None:
    db.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.hook_id == webhook_id, OutboxMessage.state == MailState.WAITING)
        .values(state=MailState.SUPERSEDED, last_error=one_line(reason, 500))
    )
