"""Sending messages to contact methods by messaging services."""

from collections.abc import Callable

from app.config import Settings
from app.contacts import addresses, services
from app.contacts.services import NotTaken
from app.notify.delivery import DeliveryError
from app.notify.smtp import Phase
from app.outside import Allowed
from app.records.outbox import OutboxMessage


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
            services.send(addresses.of(message), title=message.subject, text=text, allowed=self._allowed)
        except NotTaken as error:
            raise DeliveryError(error.reason, is_permanent=error.is_permanent) from None

    def close(self) -> None:
        """Nothing stays open."""
