"""Sending messages to contact methods by messaging services."""

from collections.abc import Callable

from app import vault
from app.config import Settings
from app.contacts import services
from app.contacts.services import NotTaken
from app.extensions import db
from app.notify.delivery import DeliveryError
from app.notify.smtp import Phase
from app.outside import Allowed
from app.records.channels import ContactMethod
from app.records.outbox import OutboxMessage
from app.vault import Purpose


class Messenger:
    """Sends the messages of the channel `messaging`."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = Allowed.of(settings.outgoing_allow)

    def send(self, message: OutboxMessage, watch: Callable[[Phase], None] = lambda _: None) -> None:
        """Hand one message to its service.

        Raises:
            DeliveryError: it was not taken.

        """
        del watch  # a call is over long before a claim ends
        link = (message.payload or {}).get("link")
        text = f"{message.text}\n{link}" if link else message.text
        try:
            services.send(_address(message), title=message.subject, text=text, allowed=self._allowed)
        except NotTaken as error:
            raise DeliveryError(error.reason, is_permanent=error.is_permanent) from None

    def close(self) -> None:
        """Nothing stays open."""


def _address(message: OutboxMessage) -> str:
    """Read where a message goes, and let go of the database."""
    try:
        method = db.session.get(ContactMethod, message.method_id or 0)
        if method is None:
            raise DeliveryError("The contact method was removed.", is_permanent=True)
        return vault.open_(method.sealed, purpose=Purpose.CONTACT_METHOD, owner=method.id)
    except vault.Unreadable:
        reason = "OIMS_SECRET_KEY has changed: the contact method must be added again."
        raise DeliveryError(reason, is_permanent=True) from None
    finally:
        db.session.rollback()
