"""Speaking SMTP: one connection, kept while there is something to send."""

import smtplib
import ssl
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property

from app.config import Settings
from app.notify.models import OutboxMessage

TIMEOUT_S = 10
AUTHENTICATION_NEEDED = frozenset({530, 534, 535, 538})
PERMANENT = 500
ON_THE_WIRE = SMTP.clone(max_line_length=998)
"""Long ids and addresses stay whole: folded shorter, they would be encoded, which no mail program reads."""


class DeliveryError(Exception):
    """A mail was not taken.

    Attributes:
        reason: why, in a sentence.
        is_permanent: trying again can't help.
        is_for_all: any other mail would fare the same now: the server can't be reached or used.

    """

    def __init__(self, reason: str, *, is_permanent: bool = False, is_for_all: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_permanent = is_permanent
        self.is_for_all = is_for_all


class Mailer:
    """Sends mails to the server of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: smtplib.SMTP | None = None

    def send(self, message: OutboxMessage) -> None:
        """Hand one mail to the server.

        Raises:
            DeliveryError: it was not taken, or the server didn't say that it was.

        """
        try:
            mail = compose(message, self._settings.smtp_from)
        except (ValueError, MessageError):
            raise DeliveryError("The mail can't be written to this address.", is_permanent=True) from None
        try:
            if self._connection is None:
                self._connection = self._connect()
            self._connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            self.close()
            raise _refused(code, reply) from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            self.close()
            raise _refused(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            self.close()
            raise DeliveryError(
                "The mail server offers no STARTTLS, log-in or international addresses."
            ) from None
        except smtplib.SMTPResponseException as error:
            self.close()
            answer = _answer(error.smtp_code, error.smtp_error)
            raise DeliveryError(answer, is_for_all=True) from None
        except ssl.SSLCertVerificationError as error:
            self.close()
            reason = f"The mail server's certificate can't be verified: {error.verify_message}"
            raise DeliveryError(
                f"{reason}. Name your authority's file in SSL_CERT_FILE.", is_for_all=True
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise DeliveryError(
                f"The mail server can't be reached ({type(error).__name__}).", is_for_all=True
            ) from None

    def close(self) -> None:
        """End the connection, politely if the server still listens."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Whom to trust; reading the authorities costs more than everything else about a mail."""
        return ssl.create_default_context()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.smtp_tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S, context=self._tls
            )
        else:
            connection = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_S)
        try:
            if settings.smtp_tls == "starttls":
                connection.starttls(context=self._tls)
            if settings.smtp_user and settings.smtp_password:
                connection.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
        return connection


def compose(message: OutboxMessage, sender: str) -> EmailMessage:
    """Build the mail; the library refuses line breaks in headers, and the subject has none.

    The incident's own id heads References and In-Reply-To, so that all its mails stand in one thread.
    News to people with an account can be ended by one click (RFC 8058), which asks for HTTPS.
    """
    mail = EmailMessage(policy=ON_THE_WIRE)
    mail["From"] = sender
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    if message.thread_id:
        mail["In-Reply-To"] = message.thread_id
        mail["References"] = message.thread_id
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        if message.unsubscribe_url.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _refused(code: int, reply: bytes | str) -> DeliveryError:
    """Say what the server answered. A wrong log-in is ours to mend, so such mails wait."""
    is_permanent = code >= PERMANENT and code not in AUTHENTICATION_NEEDED
    return DeliveryError(_answer(code, reply), is_permanent=is_permanent)


def _answer(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"The mail server answered {code} {text}"
