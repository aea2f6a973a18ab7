"""Mails and real mail servers, Exim and Postfix: each arrives once, in a form that the server takes."""

from contextlib import ExitStack
from datetime import timedelta
from threading import Event

import pytest
import time_machine

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.notify import letters
from app.notify.models import MailState, OutboxMessage
from app.notify.sender import Sender
from tests.certificates import make_certificate
from tests.processes import free_port
from tests.servers import Exim, Postfix, needed, own_folder

pytestmark = [needed, pytest.mark.slow]

NO_TLS = "tls_advertise_hosts ="


@pytest.fixture
def folder():
    with own_folder() as folder:
        yield folder


@pytest.fixture
def post(make_settings, make_app):
    """Put a mail into the outbox of an app with these settings; return what sends once."""
    with ExitStack() as contexts:

        def post(server, recipient="ops@example.org", **values):
            given = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"} | values
            settings = make_settings(**given)
            contexts.enter_context(make_app(settings).app_context())
            with transaction():
                letters.test_mail(recipient)
            return lambda: Sender(settings, "worker-1").send_due(Event())

        yield post


@pytest.fixture
def started():
    """Start servers that stop with the test."""
    with ExitStack() as stack:

        def started(server, *options):
            server.start(*options)
            stack.callback(server.stop)
            return server

        yield started


def mail():
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


def plain(kind, folder, started, *, eight_bit=True):
    """A server of a kind that takes everything, or everything but 8 bits."""
    if kind == "postfix":
        return started(Postfix(folder), *([] if eight_bit else ["-8"]))
    return started(
        Exim(
            folder,
            options=[NO_TLS, f"accept_8bitmime = {str(eight_bit).lower()}", "smtputf8_advertise_hosts ="],
        )
    )


KINDS = pytest.mark.parametrize("kind", ["exim", "postfix"])


@KINDS
@pytest.mark.parametrize("eight_bit", [True, False], ids=["8BITMIME", "7 bits"])
@pytest.mark.compatible("C7", "C8")
def test_a_mail_arrives_once_in_the_form_that_the_server_offers(kind, eight_bit, folder, started, post):
    server = plain(kind, folder, started, eight_bit=eight_bit)

    assert post(server)() == 1

    (content,) = server.mails()
    assert mail().state is MailState.SENT
    assert content.isascii() or eight_bit


@pytest.mark.compatible("C7")
def test_a_mail_leaves_by_starttls_with_a_log_in(folder, started, post, monkeypatch):
    files = make_certificate(folder)
    files.key.chmod(0o644)
    monkeypatch.setenv("SSL_CERT_FILE", str(files.certificate))
    tls = [
        "tls_advertise_hosts = *",
        f"tls_certificate = {files.certificate}",
        f"tls_privatekey = {files.key}",
    ]
    wanted = "accept authenticated = *"
    options = [*tls, "auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}"]
    server = started(Exim(folder, options=options, recipient=wanted, user=("oims", "secret")))

    assert post(server, smtp_tls="starttls", smtp_user="oims", smtp_password="secret")() == 1

    assert len(server.mails()) == 1


@pytest.mark.compatible("C7")
def test_a_server_that_wants_tls_first_keeps_the_mail_waiting_and_says_so(folder, started, post):
    refusal = "deny message = 530 5.7.0 Must issue a STARTTLS command first"
    server = started(Exim(folder, options=[NO_TLS, "acl_smtp_mail = recipient"], recipient=refusal))

    assert post(server)() == 0

    assert mail().state is MailState.WAITING
    assert "STARTTLS" in mail().last_error
    assert server.mails() == []


@KINDS
@pytest.mark.compatible("C7", "C8")
def test_a_mail_that_is_put_off_waits_and_arrives_once(kind, folder, started, post):
    """Greylisting: 450 for the first try, and taken later."""
    with time_machine.travel(now(), tick=False) as clock:
        port = free_port()
        if kind == "exim":
            first = started(
                Exim(folder, port, options=[NO_TLS], recipient="defer message = greylisted, come again")
            )
        else:
            first = started(Postfix(folder, port), "-r", "RCPT")
        send = post(first)
        assert send() == 0
        assert (mail().state, mail().attempts) == (MailState.WAITING, 1)
        assert "45" in mail().last_error
        first.stop()
        with own_folder() as later:
            taken = Exim(later, port, options=[NO_TLS]) if kind == "exim" else Postfix(later, port)
            taken = started(taken)
            clock.shift(timedelta(minutes=30))
            assert send() == 1
            clock.shift(timedelta(days=1))
            assert send() == 0
            assert (mail().state, len(taken.mails())) == (MailState.SENT, 1)


@KINDS
@pytest.mark.compatible("C7", "C8")
def test_a_recipient_that_is_refused_for_good_is_a_dead_letter_with_the_servers_words(
    kind, folder, started, post
):
    if kind == "exim":
        refusing = Exim(folder, options=[NO_TLS], recipient="deny message = no such user here")
        server = started(refusing)
    else:
        server = started(Postfix(folder), "-f", "RCPT")

    assert post(server)() == 0

    assert mail().state is MailState.DEAD
    assert "5" in mail().last_error
    assert kind == "postfix" or "no such user here" in mail().last_error
    assert server.mails() == []


@KINDS
@pytest.mark.compatible("C7", "C8")
def test_a_server_that_thinks_about_the_whole_mail_gets_one_copy(kind, folder, started, post):
    if kind == "exim":
        server = started(Exim(folder, options=[NO_TLS], data="accept delay = 2s"))
    else:
        server = started(Postfix(folder), "-W", ".:2")
    send = post(server)

    assert send() == 1
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        assert send() == 0
    assert len(server.mails()) == 1


@KINDS
def test_a_domain_in_other_letters_is_written_in_ascii(kind, folder, started, post):
    server = plain(kind, folder, started)

    assert post(server, recipient="ops@bücher.example")() == 1

    assert len(server.mails()) == 1
