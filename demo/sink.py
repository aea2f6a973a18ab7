"""A mail server that keeps every mail in a Maildir and sends none on: ``python -m demo.sink PORT FOLDER``."""

import mailbox
import signal
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.settings import HOST


class Maildir:
    """Keeps what it is given, with the recipients of the envelope in a header."""

    def __init__(self, folder: Path) -> None:
        self._box = mailbox.Maildir(folder)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Store one mail; it is on disk before the sender hears 250."""
        mail = message_from_bytes(envelope.original_content or b"")
        mail["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        self._box.add(mail)
        return "250 Kept"


def main() -> None:
    """Serve until TERM or INT."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    waited_for = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    controller = Controller(Maildir(folder), hostname=HOST, port=port)
    controller.start()
    signal.sigwait(waited_for)
    controller.stop()


if __name__ == "__main__":
    main()
