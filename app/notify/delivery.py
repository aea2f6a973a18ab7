"""Sending mails: one connection, kept while there is something to send; the form that the server takes."""

import ssl
from collections.abc import Callable, Iterator
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cached_property

from app.config import Settings
from app.notify.encoding import ascii_domain, compose
from app.notify.smtp import Conversation, DeliveryError, Phase
from app.records.outbox import OutboxMessage

__all__ = ["DeliveryError", "Mailer", "compose"]


class Mailer:
    """Sends mails to the server of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._conversation: Conversation | None = None

    def send(self, message: OutboxMessage, watch: Callable[[Phase], None] = lambda _: None) -> None:
        """Hand one mail to the server; ``watch`` hears of each phase before it begins.

        What is refused for good in one form is tried in the other, if there is one.

        Raises:
            DeliveryError: it was not taken, or the server didn't say that it was.

        """
        try:
            if self._conversation is None:
                self._conversation = Conversation(self._settings, lambda: self._tls, watch)
            self._conversation.watch = watch
            self._send(self._conversation, message)
        except DeliveryError:
            self.close()
            raise

    def close(self) -> None:
        """End the connection, if there is one."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Whom to trust; reading the authorities costs more than everything else about a mail."""
        return ssl.create_default_context()

    def _send(self, conversation: Conversation, message: OutboxMessage) -> None:
        refusal: DeliveryError | None = None
        for mail, options in self._forms(conversation, message):
            if refusal is not None:
                conversation = self._anew(conversation)
            try:
                conversation.hand_over(
                    mail["From"].addresses[0].addr_spec,
                    mail["To"].addresses[0].addr_spec,
                    mail.as_bytes(),
                    options,
                )
            except DeliveryError as error:
                if not error.is_permanent:
                    raise
                refusal = refusal or error
            else:
                return
        if refusal is not None:
            raise refusal

    def _anew(self, conversation: Conversation) -> Conversation:
        """Have the server forget a refused mail; one that has hung up on it is called again."""
        try:
            conversation.reset()
        except DeliveryError:
            self.close()
            conversation = self._conversation = Conversation(
                self._settings, lambda: self._tls, conversation.watch
            )
        return conversation

    def _forms(
        self, conversation: Conversation, message: OutboxMessage
    ) -> Iterator[tuple[EmailMessage, list[str]]]:
        """Yield a mail in the forms that the server takes, the one that says most first."""
        try:
            sender, recipient = (
                ascii_domain(parseaddr(self._settings.smtp_from)[1]),
                ascii_domain(message.recipient),
            )
            if not (sender + recipient).isascii():
                if not conversation.offers("SMTPUTF8"):
                    raise DeliveryError(
                        "The mail server offers no SMTPUTF8, which this address needs.", is_permanent=True
                    )
                mail = compose(message, self._settings.smtp_from, is_utf8=True)
                yield mail, ["SMTPUTF8", "BODY=8BITMIME"]
                return
            if conversation.offers("8BITMIME"):
                yield compose(message, self._settings.smtp_from, is_8bit=True), ["BODY=8BITMIME"]
            yield compose(message, self._settings.smtp_from), []
        except (ValueError, MessageError):
            raise DeliveryError("The mail can't be written to this address.", is_permanent=True) from None
