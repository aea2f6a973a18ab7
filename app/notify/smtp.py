"""One conversation in SMTP, phase by phase: each with its own patience, each failure with its one cause."""

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Event, Timer

from app.config import Settings

AUTHENTICATION_NEEDED = frozenset({530, 534, 535, 538})
CLOSING = 421
PERMANENT = 500
GOODBYE_S = 5


class Phase(Enum):
    """What is being done, in words, and how long the server may take: RFC 5321, 4.5.3.2."""

    CONNECT = "connecting", 30
    GREETING = "waiting for the greeting", 300
    HELLO = "saying EHLO", 300
    TLS = "starting TLS", 300
    LOGIN = "logging in", 300
    SENDER = "naming the sender (MAIL FROM)", 300
    RECIPIENT = "naming the recipient (RCPT TO)", 300
    DATA = "announcing the mail (DATA)", 120
    CONTENT = "sending the mail", 180
    END = "waiting for the answer to the whole mail", 600

    def __init__(self, words: str, patience_s: int) -> None:
        self.words = words
        self.patience_s = patience_s

    @property
    def is_about_the_mail(self) -> bool:
        """Say whether a refusal here is about this mail; before, any mail would fare the same."""
        return self in {Phase.SENDER, Phase.RECIPIENT, Phase.DATA, Phase.CONTENT, Phase.END}


type Watch = Callable[[Phase], None]


class DeliveryError(Exception):
    """A message was not taken, or nobody knows whether it was.

    Attributes:
        reason: what was being done and why it failed, in a sentence.
        phase: what was being done; nothing if the mail could not be written at all.
        is_permanent: trying again can't help.
        is_for_all: any other mail would fare the same now: the server can't be reached or used.
        may_have_arrived: the server had the whole mail and did not answer.
        wait_s: for how long the other side asks to be left alone, in seconds.

    """

    def __init__(
        self,
        reason: str,
        *,
        phase: Phase | None = None,
        is_permanent: bool = False,
        is_for_all: bool = False,
        may_have_arrived: bool = False,
        wait_s: int = 0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.phase = phase
        self.is_permanent = is_permanent
        self.is_for_all = is_for_all
        self.may_have_arrived = may_have_arrived
        self.wait_s = wait_s


class Conversation:
    """An open connection that is ready for mails.

    ``watch`` hears of each phase before it begins.
    """

    def __init__(self, settings: Settings, tls: Callable[[], ssl.SSLContext], watch: Watch) -> None:
        """Connect, greet, secure and log in as the settings say.

        Raises:
            DeliveryError: one of these failed; nothing stays open.

        """
        self._settings = settings
        self.watch = watch
        self._smtp = smtplib.SMTP()
        try:
            self._open(tls)
        except DeliveryError:
            self._smtp.close()
            raise

    def offers(self, extension: str) -> bool:
        """Say whether the server offers an extension, such as ``8BITMIME``."""
        return self._smtp.has_extn(extension)

    def hand_over(self, sender: str, recipient: str, content: bytes, options: Sequence[str]) -> None:
        """Hand one mail to the server; ``options`` go with MAIL FROM.

        Raises:
            DeliveryError: it was not taken, or the server didn't say that it was.

        """
        smtp = self._smtp
        with self._phase(Phase.SENDER):
            size = [f"SIZE={len(content)}"] if smtp.has_extn("size") else []
            _expect(smtp.mail(sender, [*size, *options]), 250)
        with self._phase(Phase.RECIPIENT):
            _expect(smtp.rcpt(recipient), 250, 251)
        with self._phase(Phase.DATA):
            _expect(smtp.docmd("DATA"), 354)
        with self._phase(Phase.CONTENT):
            smtp.send(_dot_stuffed(content))
        with self._phase(Phase.END):
            smtp.send(b".\r\n")
            _expect(smtp.getreply(), 250)

    def reset(self) -> None:
        """Forget a mail that was refused, so that another can follow.

        Raises:
            DeliveryError: the server is gone.

        """
        with self._phase(Phase.HELLO):
            _expect(self._smtp.rset(), 250)

    def close(self) -> None:
        """End the connection, politely if the server still listens."""
        try:
            if self._smtp.sock is not None:
                self._smtp.sock.settimeout(GOODBYE_S)
            self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()

    def _open(self, tls: Callable[[], ssl.SSLContext]) -> None:
        settings, smtp = self._settings, self._smtp
        with self._phase(Phase.CONNECT):
            address = settings.smtp_host, settings.smtp_port
            smtp.sock = socket.create_connection(address, timeout=Phase.CONNECT.patience_s)
        if settings.smtp_tls == "tls":
            self._secure(tls)
        with self._phase(Phase.GREETING):
            _expect(smtp.getreply(), 220)
        self._say_hello()
        if settings.smtp_tls == "starttls":
            with self._phase(Phase.TLS):
                if not smtp.has_extn("starttls"):
                    raise _Unusable("it offers no STARTTLS; see OIMS_SMTP_TLS")
                _expect(smtp.docmd("STARTTLS"), 220)
            self._secure(tls)
            self._say_hello()
        if settings.smtp_user and settings.smtp_password:
            with self._phase(Phase.LOGIN):
                if not smtp.has_extn("auth"):
                    raise _Unusable("it offers no log-in; see OIMS_SMTP_USER and OIMS_SMTP_TLS")
                smtp.login(settings.smtp_user, settings.smtp_password.get_secret_value())

    def _secure(self, tls: Callable[[], ssl.SSLContext]) -> None:
        with self._phase(Phase.TLS):
            if self._smtp.sock is None:
                raise smtplib.SMTPServerDisconnected
            self._smtp.sock = tls().wrap_socket(self._smtp.sock, server_hostname=self._settings.smtp_host)
            self._smtp.file = None

    def _say_hello(self) -> None:
        with self._phase(Phase.HELLO):
            code, reply = self._smtp.ehlo()
            if not 200 <= code < 300:  # noqa: PLR2004 - what says yes in SMTP
                code, reply = self._smtp.helo()
            _expect((code, reply), 250)

    @contextmanager
    def _phase(self, phase: Phase) -> Iterator[None]:
        """Do one thing within its time; whatever fails in it is told as its failure."""
        self.watch(phase)
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(phase.patience_s)
        try:
            with self._at_most(phase.patience_s):
                yield
        except smtplib.SMTPResponseException as error:
            raise self._refused(phase, error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(
                f"The mail server {self._where}{_failed(phase)}: {_cause(error, phase)}.",
                phase=phase,
                is_for_all=True,
                may_have_arrived=phase is Phase.END,
            ) from None

    @contextmanager
    def _at_most(self, patience_s: int) -> Iterator[None]:
        """Hang up on a server that is not done in time: it may send a line now and then without end."""
        is_late = Event()

        def hang_up() -> None:
            is_late.set()
            if self._smtp.sock is not None:
                with suppress(OSError):
                    self._smtp.sock.shutdown(socket.SHUT_RDWR)

        timer = Timer(patience_s, hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (smtplib.SMTPException, OSError):
            if is_late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()

    def _refused(self, phase: Phase, code: int, reply: bytes | str) -> DeliveryError:
        """Say what the server answered. A wrong log-in is ours to mend, so such mails wait."""
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        is_for_all = not phase.is_about_the_mail or code == CLOSING
        return DeliveryError(
            f"The mail server {self._where} answered {code} {' '.join(text.split())} on {phase.words}.",
            phase=phase,
            is_permanent=code >= PERMANENT and code not in AUTHENTICATION_NEEDED and not is_for_all,
            is_for_all=is_for_all,
        )

    @property
    def _where(self) -> str:
        return f"{self._settings.smtp_host}:{self._settings.smtp_port}"


class _Unusable(smtplib.SMTPException):
    """The server lacks what the settings need; the text says what."""


def _expect(answer: tuple[int, bytes], *codes: int) -> None:
    if answer[0] not in codes:
        raise smtplib.SMTPResponseException(*answer)


def _dot_stuffed(content: bytes) -> bytes:
    """Return lines that each end as SMTP wants, none of which ends the mail (RFC 5321, 4.5.2)."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


def _failed(phase: Phase) -> str:
    return " can't be reached" if phase is Phase.CONNECT else f" failed on {phase.words}"


def _cause(error: BaseException, phase: Phase) -> str:
    """Return the one cause in words: what lies under the library's own exception, if anything does."""
    inner = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
    cause = inner if isinstance(inner, OSError) else error
    words = cause.strerror.lower() if isinstance(cause, OSError) and cause.strerror else type(cause).__name__
    match cause:
        case ssl.SSLCertVerificationError():
            words = f"its certificate can't be verified: {cause.verify_message}; "
            words += "name your authority's file in SSL_CERT_FILE"
        case TimeoutError():
            words = f"no answer within {phase.patience_s} s"
        case socket.gaierror():
            words = "there is no such host"
        case smtplib.SMTPServerDisconnected():
            words = "it closed the connection"
        case _Unusable():
            words = str(cause)
    return f"{words}; whether it took the mail is not known" if phase is Phase.END else words
