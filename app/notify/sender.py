"""The loop that empties the outbox."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.config import Settings
from app.notify import digests, outbox
from app.notify.delivery import DeliveryError, Mailer
from app.notify.smtp import Phase

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
PAUSE_S = 5.0
MARGIN = timedelta(minutes=1)
"""How much longer than the server's patience a claim is kept."""


@dataclass(frozen=True)
class Sender:
    """Sends what is due; ``worker`` names this process in its claims."""

    settings: Settings
    worker: str

    def run(self, stop: Event) -> None:
        """Send until ``stop`` is set."""
        if not self.settings.smtp_host:
            log.warning("mail_is_off", hint="set OIMS_SMTP_HOST to send mails")
            stop.wait()
            return
        while not stop.is_set():
            try:
                self.send_due(stop)
                stop.wait(LOOK_EVERY_S)
            except SQLAlchemyError as error:
                log.warning("outbox_unavailable", error=type(error).__name__, retry_in_s=PAUSE_S)
                stop.wait(PAUSE_S)

    def send_due(self, stop: Event) -> int:
        """Send all that is due over one connection; return how many were taken by the server.

        A server that is away ends the round: each round asks it with one mail, not with all that wait.
        Digests that have become due are written afterwards, and leave the next time.
        """
        mailer = Mailer(self.settings)
        sent = 0
        try:
            while not stop.is_set() and (message := outbox.claim(self.worker)) is not None:
                try:
                    mailer.send(message, self._watch(message.id))
                except DeliveryError as error:
                    log.warning(
                        "mail_not_sent", mail=message.id, reason=error.reason, permanent=error.is_permanent
                    )
                    outbox.mark_failed(
                        message.id,
                        self.worker,
                        error=error.reason,
                        is_permanent=error.is_permanent,
                        may_have_arrived=error.may_have_arrived,
                    )
                    if error.is_for_all:
                        break
                else:
                    outbox.mark_sent(message.id, self.worker)
                    sent += 1
        finally:
            mailer.close()
        digests.write_due()
        return sent

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
