"""A real mail server that takes mails, or does what it is told to, and the app's worker that sends to it."""

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.clock import now
from app.config import Settings
from app.notify.sender import Sender
from tests.processes import free_port

ON_CALL = "oncall@example.org"


class Sink:
    """Takes mails, or does what it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.reply = "250 OK"
        self.cuts = False

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self.reply.startswith("2"):
            return self.reply
        content = bytes(envelope.content or b"")
        mail = message_from_bytes(content, policy=policy.default)
        assert [mail["To"]] == envelope.rcpt_tos, "one mail goes to one person, the one it names"
        self.raw.append(content)
        self.mails.append(mail)
        if self.cuts:
            server.transport.abort()
        return self.reply

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """The text of a mail, or what its HTML says without the marks."""
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    shown = re.sub(r"<[^>]*>", " ", content) if kind == "html" else content
    return " ".join(shown.split())


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mail_settings() -> dict[str, str]:
    """What a module's tests want to be set otherwise."""
    return {}


@pytest.fixture
def settings(make_settings: Callable[..., Settings], port: int, mail_settings: dict[str, str]) -> Settings:
    given = {"base_url": "https://oims.example.org", "mail_to": ON_CALL} | mail_settings
    return make_settings(smtp_host="127.0.0.1", smtp_port=port, **given)


@pytest.fixture
def server(port: int) -> Iterator[tuple[Sink, Controller]]:
    """The mail server, not started yet."""
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    yield handler, controller
    if controller.server is not None:
        controller.stop()


@pytest.fixture
def sink(server: tuple[Sink, Controller]) -> Sink:
    """The mail server, running."""
    handler, controller = server
    controller.start()
    return handler


@pytest.fixture
def send(settings: Settings) -> Callable[[], int]:
    """Do once what the worker does all the time; say how many mails were taken."""
    return lambda: Sender(settings, "worker-1").send_due(Event())


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that goes on only when it is told to."""
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller
