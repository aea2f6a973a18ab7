"""Mail servers that hang up, close early, talk without end or answer at length: one script for each."""

import socket
from contextlib import suppress
from threading import Event, Thread

import pytest

from app.extensions import db
from app.incidents import service
from app.notify.smtp import Phase
from app.records.actors import SYSTEM
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity

OFFER = "250-relay\r\n250 8BITMIME"


class Relay:
    """Answers each command by a script; a list gives one answer after the other, None hangs up."""

    def __init__(self, port, **script):
        self.script = {"GREETING": "220 relay", "EHLO": OFFER, "DATA": "354 go on", "END": "250 OK"} | script
        self.mails, self.calls = [], 0
        self._socket = socket.create_server(("127.0.0.1", port))
        Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._socket.close()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.calls += 1
                with connection, suppress(OSError), connection.makefile("rwb") as stream:
                    self._talk(stream)

    def _talk(self, stream):
        is_open = self._say(stream, "GREETING")
        while is_open and (line := stream.readline()):
            word = line.split(b":")[0].strip().split(b" ")[0].decode().upper()
            is_open = self._say(stream, word)
            if word == "DATA" and is_open and self.script["DATA"].startswith("354"):
                content = b"".join(iter(stream.readline, b".\r\n"))
                if (is_open := self._say(stream, "END")) and self.script["END"].startswith("250"):
                    self.mails.append(content)

    def _say(self, stream, word):
        answer = self.script.get(word, "250 OK")
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else "250 OK"
        parts = [answer] if answer is None or isinstance(answer, str) else answer()
        for part in parts:
            if part is None:
                return False
            stream.write(part.encode() + b"\r\n")
            stream.flush()
        return word != "QUIT"


@pytest.fixture
def relay(port):
    made = []

    def relay(**script):
        made.append(Relay(port, **script))
        return made[-1]

    yield relay
    for one in made:
        one.close()


@pytest.fixture(autouse=True)
def incident(context):
    return service.create(title="Café closed", severity=Severity.HIGH, actor=SYSTEM)


def mail():
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        ({"GREETING": "421 relay is too busy"}, Phase.GREETING),
        ({"MAIL": "421 relay is closing"}, Phase.SENDER),
        ({"RCPT": "421 4.3.2 relay is closing"}, Phase.RECIPIENT),
        ({"DATA": "421 relay is closing"}, Phase.DATA),
        ({"END": "421 relay is closing"}, Phase.END),
        ({"GREETING": "554 no service here"}, Phase.GREETING),
    ],
    ids=lambda value: value.name if isinstance(value, Phase) else "".join(value.values())[:3],
)
def test_a_server_that_closes_early_keeps_the_mail_waiting_and_is_quoted(relay, send, script, phase):
    server = relay(**script)
    assert send() == 0
    assert (mail().state, server.mails) == (MailState.WAITING, [])
    (answer,) = script.values()
    assert f"answered {answer} on {phase.words}" in mail().last_error


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        ({"GREETING": None}, Phase.GREETING),
        ({"MAIL": None}, Phase.SENDER),
        ({"RCPT": None}, Phase.RECIPIENT),
        ({"END": None}, Phase.END),
    ],
    ids=lambda value: value.name if isinstance(value, Phase) else "",
)
def test_a_server_that_hangs_up_is_told_with_the_phase(relay, send, script, phase):
    server = relay(**script)
    assert send() == 0
    assert (mail().state, server.mails) == (MailState.WAITING, [])
    assert f"failed on {phase.words}: it closed the connection" in mail().last_error


@pytest.mark.parametrize("word", ["MAIL", "RCPT"])
def test_a_server_that_hangs_up_when_it_refuses_is_asked_in_the_other_form(relay, send, word):
    server = relay(**{word: lambda: ["550 5.6.1 not in this form", None]})
    assert send() == 0
    assert (mail().state, server.calls) == (MailState.DEAD, 2)
    assert "550 5.6.1 not in this form" in mail().last_error


def test_a_server_that_hangs_up_on_one_form_gets_the_other(relay, send):
    forms = iter([["550 5.6.1 not in this form", None]])
    server = relay(MAIL=lambda: next(forms, ["250 OK"]))
    assert send() == 1
    assert (mail().state, len(server.mails)) == (MailState.SENT, 1)
    assert server.mails[0].isascii()


@pytest.fixture
def written_to(relay, send):
    """Write to this address; the script is that of the server."""

    def written_to(address, **script):
        mail().recipient = address
        db.session.commit()
        server = relay(**script)
        send()
        return server

    return written_to


@pytest.mark.parametrize("address", ["jörg@exämple.org", "用户@例子.中国", "o'brien+ß@example.org"])
def test_an_address_in_other_letters_is_written_to_where_the_server_takes_it(written_to, address):
    server = written_to(address, EHLO="250-relay\r\n250-8BITMIME\r\n250 SMTPUTF8")
    assert (mail().state, mail().last_error) == (MailState.SENT, None)
    (content,) = server.mails
    local, _, _ = address.partition("@")
    assert f"To: {local}@".encode() in content


def test_an_address_in_other_letters_is_dead_where_the_server_does_not_take_it(written_to):
    server = written_to("jörg@exämple.org")
    assert (mail().state, server.mails) == (MailState.DEAD, [])
    assert "offers no SMTPUTF8, which this address needs" in mail().last_error


def test_an_answer_without_end_takes_no_longer_than_its_phase(relay, send, monkeypatch):
    monkeypatch.setattr(Phase.RECIPIENT, "patience_s", 1)
    relay(RCPT=lambda: ("250-still looking" for _ in iter(lambda: Event().wait(0.05), None)))
    assert send() == 0
    assert mail().state is MailState.WAITING
    assert "failed on naming the recipient (RCPT TO): no answer within 1 s" in mail().last_error


def test_a_long_answer_with_controls_is_told_in_one_line(relay, send):
    lines = [f"550-\x1b[31m{number} \u202eno" for number in range(200)]
    relay(RCPT="\r\n".join([*lines, "550 no such user"]))
    assert send() == 0
    assert mail().state is MailState.DEAD
    assert not set(mail().last_error) & set("\x1b\u202e\n")
    assert len(mail().last_error) < 1_000
