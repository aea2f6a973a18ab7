"""The loop that empties the outbox, one for each channel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.config import Settings
from app.notify import digests, outbox
from app.notify.delivery import DeliveryError, Mailer
from app.notify.smtp import Phase, Watch
from app.records.channels import Channel
from app.records.outbox import OutboxMessage

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
PAUSE_S = 5.0
MARGIN = timedelta(minutes=1)
"""How much longer than the server's patience a claim is kept."""
LONGEST_WAIT_S = 3600
"""However long the other side asks to be left alone."""


class Carrier(Protocol):
    """What sends the messages of one channel."""

    def send(self, message: OutboxMessage, watch: Watch) -> None:
        """Hand over one message; ``watch`` hears of what may take longer than a claim lasts.

        Raises:
            DeliveryError: it was not taken, or nobody knows whether it was.

        """

    def close(self) -> None:
        """End what is open between two messages."""


@dataclass(frozen=True)
class Sender:
    """Sends what is due by a channel; ``worker`` names this process in its claims."""

    settings: Settings
    worker: str
    channel: Channel = Channel.MAIL
    carrier: Callable[[Settings], Carrier] = Mailer

    def run(self, stop: Event) -> None:
        """Send until ``stop`` is set."""
        if self.channel is Channel.MAIL and not self.settings.smtp_host:
            log.warning("mail_is_off", hint="set OIMS_SMTP_HOST to send mails")
            stop.wait()
            return
        while not stop.is_set():
            try:
                if self.channel is Channel.MAIL or outbox.is_anything_due(self.channel):
                    self.send_due(stop)
                stop.wait(LOOK_EVERY_S)
            except SQLAlchemyError as error:
                log.warning("outbox_unavailable", error=type(error).__name__, retry_in_s=PAUSE_S)
                stop.wait(PAUSE_S)

    def send_due(self, stop: Event) -> int:
        """Send all that is due, mail over one connection; return how many were taken.

        A mail server that is away ends the round: each round asks it with one mail, not with all that wait.
        Digests that have become due are written afterwards, and leave the next time.
        """
        carrier = self.carrier(self.settings)
        sent = 0
        try:
            while not stop.is_set() and (message := outbox.claim(self.worker, self.channel)) is not None:
                try:
                    carrier.send(message, self._watch(message.id))
                except DeliveryError as error:
                    self._record(message, error)
                    if error.is_for_all:
                        break
                else:
                    outbox.mark_sent(message.id, self.worker)
                    sent += 1
        finally:
            carrier.close()
        if self.channel is Channel.MAIL:
            digests.write_due()
        return sent

    def _record(self, message: OutboxMessage, error: DeliveryError) -> None:
        log.warning("mail_not_sent", mail=message.id, reason=error.reason, permanent=error.is_permanent)
        outbox.mark_failed(
            message.id,
            self.worker,
            error=error.reason,
            is_permanent=error.is_permanent,
            may_have_arrived=error.may_have_arrived,
            wait=timedelta(seconds=min(error.wait_s, LONGEST_WAIT_S)),
        )

    def _watch(self, message_id: int) -> Callable[[Phase], None]:
        """Keep the claim on a mail while the server may take its time: no other worker may send it too."""
        kept_until = now() + outbox.CLAIM_FOR

        def watch(phase: Phase) -> None:
            nonlocal kept_until
            until = now() + timedelta(seconds=phase.patience_s) + MARGIN
            if until > kept_until:
                outbox.keep(message_id, self.worker, until)
                kept_until = until

        return watch
