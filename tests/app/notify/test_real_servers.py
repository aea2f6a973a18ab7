"""Mails and real mail servers (Exim, Postfix, OpenSMTPD): each arrives once, in a form that it takes."""

from contextlib import ExitStack
from datetime import timedelta
from threading import Event

import pytest
import time_machine

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.notify import account_mails
from app.notify.sender import Sender
from app.records.outbox import MailState, OutboxMessage
from tests.certificates import make_certificate
from tests.mail_servers import Exim, Opensmtpd, Postfix, Sink, root_needed
from tests.processes import free_port
from tests.servers import needed, own_folder

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
                account_mails.test_mail(recipient)
            return lambda: Sender(settings, "worker-1").send_due(Event())

        yield post


@pytest.fixture
def started():
    """Start servers that stop with the test."""
    with ExitStack() as stack:

        def started(server):
            server.start()
            stack.callback(server.stop)
            return server

        yield started


def mail():
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


REFUSES = "smtpd_recipient_restrictions = check_client_access static:{{{0}}}, reject".format
FILTERS = 'filter "all" phase rcpt-to match src regex "." reject "{0}"'.format
WAYS = {
    "exim": {
        "plain": {"options": [NO_TLS, "smtputf8_advertise_hosts ="]},
        "7 bits": {"options": [NO_TLS, "smtputf8_advertise_hosts =", "accept_8bitmime = false"]},
        "put off": {"options": [NO_TLS], "recipient": "defer message = greylisted, come again"},
        "refused": {"options": [NO_TLS], "recipient": "deny message = no such user here"},
        "slow": {"options": [NO_TLS], "data": "accept delay = 2s"},
    },
    "smtp-sink": {
        "plain": {},
        "7 bits": {"options": ["-8"]},
        "put off": {"options": ["-r", "RCPT"]},
        "refused": {"options": ["-f", "RCPT"]},
        "slow": {"options": ["-W", ".:2"]},
    },
    "postfix": {
        "plain": {},
        "7 bits": {"lines": ["smtpd_discard_ehlo_keywords = 8bitmime, smtputf8"]},
        "put off": {"lines": [REFUSES("450 4.2.0 greylisted, come again")]},
        "refused": {"lines": [REFUSES("550 5.1.1 no such user here")]},
        "slow": {"lines": ["smtpd_end_of_data_restrictions = sleep 2"]},
    },
    "opensmtpd": {
        "plain": {},
        "put off": {"listener": 'filter "all"', "lines": [FILTERS("450 greylisted, come again")]},
        "refused": {"listener": 'filter "all"', "lines": [FILTERS("550 no such user here")]},
    },
}
"""What each server is told, to behave in a way; not every one can behave in all."""
SERVERS = {"exim": Exim, "smtp-sink": Sink, "postfix": Postfix, "opensmtpd": Opensmtpd}


def kinds(way):
    """Every kind of server that can behave in this way."""
    marks = {"postfix": root_needed, "opensmtpd": root_needed}
    return pytest.mark.parametrize(
        "kind", [pytest.param(kind, marks=marks.get(kind, ())) for kind, ways in WAYS.items() if way in ways]
    )


def server(kind, way, folder, port=None):
    return SERVERS[kind](folder, port, **WAYS[kind][way])


@kinds("plain")
@pytest.mark.compatible("C7", "C8", "C20")
def test_a_mail_arrives_once_in_the_form_that_the_server_offers(kind, folder, started, post):
    taking = started(server(kind, "plain", folder))

    assert post(taking)() == 1

    assert len(taking.mails()) == 1
    assert mail().state is MailState.SENT


@kinds("7 bits")
@pytest.mark.compatible("C7", "C8")
def test_a_server_that_takes_7_bits_only_gets_no_others(kind, folder, started, post):
    taking = started(server(kind, "7 bits", folder))

    assert post(taking)() == 1

    (content,) = taking.mails()
    assert content.isascii()


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


@kinds("put off")
@pytest.mark.compatible("C7", "C8", "C20")
def test_a_mail_that_is_put_off_waits_and_arrives_once(kind, folder, started, post):
    """Greylisting: 450 for the first try, and taken later."""
    with time_machine.travel(now(), tick=False) as clock:
        port = free_port()
        first = started(server(kind, "put off", folder, port))
        send = post(first)
        assert send() == 0
        assert (mail().state, mail().attempts) == (MailState.WAITING, 1)
        assert "45" in mail().last_error
        first.stop()
        with own_folder() as later:
            taking = started(server(kind, "plain", later, port))
            clock.shift(timedelta(minutes=30))
            assert send() == 1
            clock.shift(timedelta(days=1))
            assert send() == 0
            assert (mail().state, len(taking.mails())) == (MailState.SENT, 1)


@kinds("refused")
@pytest.mark.compatible("C7", "C8", "C20")
def test_a_recipient_refused_for_good_is_a_dead_letter_in_the_servers_words(kind, folder, started, post):
    refusing = started(server(kind, "refused", folder))

    assert post(refusing)() == 0

    assert mail().state is MailState.DEAD
    assert "5" in mail().last_error
    assert kind == "smtp-sink" or "no such user here" in mail().last_error
    assert refusing.mails() == []


@kinds("slow")
@pytest.mark.compatible("C7", "C8")
def test_a_server_that_thinks_about_the_whole_mail_gets_one_copy(kind, folder, started, post):
    slow = started(server(kind, "slow", folder))
    send = post(slow)

    assert send() == 1
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        assert send() == 0
    assert len(slow.mails()) == 1


@kinds("plain")
def test_a_domain_in_other_letters_is_written_in_ascii(kind, folder, started, post):
    taking = started(server(kind, "plain", folder))

    assert post(taking, recipient="ops@bücher.example")() == 1

    assert len(taking.mails()) == 1
