"""Mails over TLS with a self-made certificate, and log-in: never in clear, never to just anybody."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.notify import account_mails
from app.notify.sender import Sender
from app.records.outbox import MailState, OutboxMessage
from tests.processes import free_port

USER, PASSWORD = "oims", "the relay's password"


class Sink:
    """Keeps what arrives, and over what."""

    def __init__(self) -> None:
        self.mails: list[tuple[bool, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, _envelope: Envelope) -> str:  # noqa: N802
        is_protected = server.transport.get_extra_info("sslcontext") is not None
        self.mails.append((is_protected, session.authenticated is True))
        return "250 OK"


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
    fits = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=fits, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody else has signed, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "relay.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "relay.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder / "relay.pem", folder / "relay.key"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def relay(port: int, certificate: tuple[Path, Path]) -> Iterator[Callable[..., Sink]]:
    """Start a mail server that speaks TLS from the start, on STARTTLS, or never."""
    started: list[Controller] = []

    def start(tls: str, *, log_in: bool = False) -> Sink:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        sink = Sink()
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": port}
        if tls == "tls":
            options["ssl_context"] = context
        if tls == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        if log_in:
            # Within TLS from the start, aiosmtpd doesn't see that the connection is protected.
            options |= {
                "authenticator": authenticate,
                "auth_required": True,
                "auth_require_tls": tls == "starttls",
            }
        controller = Controller(sink, **options)
        controller.start()
        started.append(controller)
        return sink

    yield start
    for controller in started:
        controller.stop()


@pytest.fixture
def send(
    make_settings: Callable[..., Settings], make_app: Any, port: int
) -> Iterator[Callable[..., OutboxMessage]]:
    """Send one mail with the given settings; return how it stands."""
    contexts = []

    def send(**values: str) -> OutboxMessage:
        settings = make_settings(smtp_host="127.0.0.1", smtp_port=port, **values)
        context = make_app(settings).app_context()
        context.push()
        contexts.append(context)
        with transaction():
            account_mails.test_mail("ops@example.org")
        Sender(settings, "worker-1").send_due(Event())
        return db.session.query(OutboxMessage).one()

    yield send
    for context in contexts:
        context.pop()


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator names the relay's certificate to OpenSSL."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.compatible("C9")
def test_a_mail_leaves_over_tls(relay: Any, send: Any, tls: str) -> None:
    sink = relay(tls)
    assert send(smtp_tls=tls).state is MailState.SENT
    assert [protected for protected, _ in sink.mails] == [True]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.compatible("C9")
def test_it_logs_in_where_the_relay_wants_that(relay: Any, send: Any, tls: str) -> None:
    sink = relay(tls, log_in=True)
    assert send(smtp_tls=tls, smtp_user=USER, smtp_password=PASSWORD).state is MailState.SENT
    assert sink.mails == [(True, True)]


@pytest.mark.usefixtures("trusted")
def test_a_wrong_log_in_keeps_the_mail_waiting_and_says_so_without_the_password(
    relay: Any, send: Any
) -> None:
    sink = relay("starttls", log_in=True)
    mail = send(smtp_tls="starttls", smtp_user=USER, smtp_password="not this one")
    assert mail.state is MailState.WAITING
    assert "535" in (mail.last_error or "")
    assert "not this one" not in (mail.last_error or "")
    assert sink.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_relay_that_wants_a_log_in_gets_none_and_the_mail_waits(relay: Any, send: Any) -> None:
    relay("starttls", log_in=True)
    assert send(smtp_tls="starttls").state is MailState.WAITING


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_reason(
    relay: Any, send: Any, tls: str
) -> None:
    sink = relay(tls)
    mail = send(smtp_tls=tls)
    assert mail.state is MailState.WAITING
    assert "certificate can't be verified: self-signed certificate" in (mail.last_error or "")
    assert sink.mails == []


def test_a_relay_without_starttls_never_gets_the_mail_in_clear(relay: Any, send: Any) -> None:
    sink = relay("none")
    mail = send(smtp_tls="starttls", smtp_user=USER, smtp_password=PASSWORD)
    assert mail.state is MailState.WAITING
    assert "STARTTLS" in (mail.last_error or "")
    assert sink.mails == []
