"""Outgoing webhooks, as the API takes and gives them."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.api.schemas.base import NO_CONTROLS, Input, Text, Time
from app.records.channels import OutgoingWebhook
from app.records.outbox import MailState, OutboxMessage
from contract import limits


class WebhookPlan(Input):
    """A name, and the address to call."""

    name: Annotated[Text, Field(max_length=limits.METHOD_NAME)]
    url: Annotated[str, Field(min_length=1, max_length=limits.URL, pattern=NO_CONTROLS)]


class WebhookChange(Input):
    """Another name; an empty address keeps the present one."""

    name: Annotated[Text, Field(max_length=limits.METHOD_NAME)]
    url: Annotated[str, Field(max_length=limits.URL, pattern=NO_CONTROLS)] = ""


class WebhookOut(BaseModel):
    """An outgoing webhook. Its address is kept encrypted, and only its host is shown."""

    id: int
    name: str
    host: str
    on: bool
    created_by: str
    created_at: Time
    secret: Annotated[str | None, Field(description="Only when it was just made.")]

    @classmethod
    def of(cls, webhook: OutgoingWebhook, secret: str | None = None) -> "WebhookOut":
        """Return the webhook as the API shows it."""
        return cls(
            id=webhook.id,
            name=webhook.name,
            host=webhook.host,
            on=webhook.is_on,
            created_by=webhook.created_by,
            created_at=webhook.created_at,
            secret=secret,
        )


class DeliveryOut(BaseModel):
    """One change, written to one outgoing webhook."""

    id: int
    event: Annotated[str, Field(description="The id of the CloudEvent; a replay keeps it.")]
    incident: int | None
    kind: str
    summary: str
    state: MailState
    attempts: int
    created_at: Time
    sent_at: Time | None
    error: str | None

    @classmethod
    def of(cls, message: OutboxMessage) -> "DeliveryOut":
        """Return the delivery as the API shows it."""
        payload = message.payload or {}
        return cls(
            id=message.id,
            event=message.batch,
            incident=payload.get("incident"),
            kind=payload.get("kind", ""),
            summary=message.subject,
            state=message.state,
            attempts=message.attempts,
            created_at=message.created_at,
            sent_at=message.sent_at,
            error=message.last_error,
        )
