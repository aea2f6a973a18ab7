"""Notifications of browsers (Web Push): the installation's keys, subscriptions, and one message sent.

A message is encrypted for its browser (RFC 8291), so that the push service between can't read it, and signed
by the installation's key (VAPID, RFC 8292).
"""

import base64
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from flask import current_app
from py_vapid import Vapid02
from pydantic import BaseModel, Field, ValidationError
from pywebpush import WebPusher, WebPushException

from app import outside, vault
from app.clock import now
from app.config import Settings
from app.contacts import addresses
from app.database import transaction
from app.extensions import db
from app.notify.delivery import DeliveryError
from app.notify.smtp import Phase
from app.outside import Allowed, Unreachable
from app.records import audit
from app.records.actors import SYSTEM
from app.records.channel_entries import MethodEnded
from app.records.channels import ContactMethod, WebPushKeys
from app.records.outbox import MailKind, OutboxMessage
from app.vault import Purpose
from contract import limits

ONLY = 1
SIGNED_FOR_S = 12 * 3600
KEPT_FOR_S = 30 * 60
"""A push service keeps a message so long for a browser that is off."""
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
NEVER_TAKEN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    }
)


class Keys(BaseModel):
    """What a browser's messages are encrypted with."""

    p256dh: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{87}=?$")]
    auth: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}={0,2}$")]


class Subscription(BaseModel):
    """Where a browser is reached, as PushSubscription.toJSON() tells it."""

    endpoint: Annotated[str, Field(max_length=limits.URL)]
    keys: Keys


def make_keys() -> None:
    """Make the installation's keys unless they are there, in a transaction."""
    if db.session.get(WebPushKeys, ONLY) is not None:
        return
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = base64.urlsafe_b64encode(point).decode().rstrip("=")
    sealed = vault.seal(pem, purpose=Purpose.WEB_PUSH_KEY, owner=ONLY)
    db.session.add(WebPushKeys(id=ONLY, public=public, sealed=sealed))


def public_key() -> str:
    """Return what browsers subscribe with; empty if there are no keys yet."""
    found = db.session.get(WebPushKeys, ONLY)
    return found.public if found is not None else ""


def problem(text: str) -> str | None:
    """Say in a sentence why a text is no subscription; nothing if it is one."""
    subscription = _read(text)
    if subscription is None:
        return "Your browser gave no subscription. Reload the page, then try again."
    return outside.problem(subscription.endpoint, Allowed.of(current_app.config["SETTINGS"].outgoing_allow))


def _read(text: str) -> Subscription | None:
    try:
        return Subscription.model_validate_json(text)
    except ValidationError:
        return None


class Pusher:
    """Sends the messages of the channel `web_push`."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.base_url
        self._allowed = Allowed.of(settings.outgoing_allow)

    def send(self, message: OutboxMessage, watch: Callable[[Phase], None] = lambda _: None) -> None:
        """Hand one message to the push service of its browser.

        Raises:
            DeliveryError: it was not taken.

        """
        del watch  # a call is over long before a claim ends
        subscription = _read(addresses.of(message))
        if subscription is None:
            raise DeliveryError("The subscription can't be read; add the browser again.", is_permanent=True)
        body, headers = self._encrypted(message, subscription)
        try:
            answer = outside.post(subscription.endpoint, body, headers, self._allowed)
        except Unreachable as error:
            raise DeliveryError(error.reason, is_permanent=error.is_refused) from None
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if answer.status in GONE:
            _forget(message.method_id or 0)
            raise DeliveryError("The browser has ended its subscription: add it again.", is_permanent=True)
        raise DeliveryError(
            f"The push service answered {answer.status}.",
            is_permanent=answer.status in NEVER_TAKEN,
            wait_s=answer.retry_after_s,
        )

    def close(self) -> None:
        """Nothing stays open."""

    def _encrypted(self, message: OutboxMessage, subscription: Subscription) -> tuple[bytes, dict[str, str]]:
        payload = message.payload or {}
        words = {
            "title": message.subject,
            "body": message.text[: limits.COMMENT],
            "url": payload.get("link") or f"{self._base_url}/profile/contact",
            "tag": message.batch,
        }
        is_urgent = message.kind is MailKind.PROOF or payload.get("urgency") == "high"
        try:
            body = WebPusher(subscription.model_dump()).encode(json.dumps(words).encode())["body"]
        except (WebPushException, ValueError):
            raise DeliveryError(
                "The subscription can't be used; add the browser again.", is_permanent=True
            ) from None
        return body, self._signed(subscription.endpoint) | {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_FOR_S),
            "Urgency": "high" if is_urgent else "normal",
        }

    def _signed(self, endpoint: str) -> dict[str, str]:
        parts = urlsplit(endpoint)
        claims = {
            "sub": self._base_url,
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(now().timestamp()) + SIGNED_FOR_S,
        }
        signed: dict[str, str] = Vapid02.from_pem(_private_key()).sign(claims)
        return signed


def _private_key() -> bytes:
    try:
        keys = db.session.get(WebPushKeys, ONLY)
        if keys is None:
            raise DeliveryError("There are no keys for web push yet: run `python -m app migrate`.")
        return vault.open_(keys.sealed, purpose=Purpose.WEB_PUSH_KEY, owner=ONLY).encode()
    except vault.Unreadable:
        raise DeliveryError("OIMS_SECRET_KEY has changed: the key for web push can't be read.") from None
    finally:
        db.session.rollback()


def _forget(method_id: int) -> None:
    """Use a browser no more that has ended its subscription."""
    with transaction():
        method = db.session.get(ContactMethod, method_id)
        if method is not None:
            method.proved_at = None
            summary = f"The browser ended its subscription: contact method {method.name}"
            audit.record(MethodEnded(method=method.id), SYSTEM, summary)
