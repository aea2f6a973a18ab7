"""Changes of incidents over real HTTP: signed, in order, once, and later when the receiver was away."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from flask import current_app
from standardwebhooks import Webhook, WebhookVerificationError

from app.clock import now
from app.config import Settings
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.incidents import service as incidents
from app.notify import outbox
from app.outgoing import queries, service
from app.records import timeline
from app.records.actors import SYSTEM
from app.records.channels import Channel
from app.records.entries import MailSent
from app.records.incidents import Incident
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.severities import Severity
from tests.app.journal import event, take
from tests.app.receivers import Got, Receiver


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def secret(context: None, receiver: Receiver) -> str:
    return service.create(name="Status page", url=f"{receiver.url}/in", actor=SYSTEM)[1]


def change(title: str = "Café \u2028 closed") -> Incident:
    return incidents.create(title=title, severity=Severity.HIGH, actor=SYSTEM)


def messages() -> list[OutboxMessage]:
    db.session.rollback()
    return list(db.session.scalars(db.select(OutboxMessage).order_by(OutboxMessage.id)))


def kinds(got: list[Got]) -> list[str]:
    return [one.json["type"].removeprefix("oims.incident.") for one in got]


def test_a_change_arrives_as_a_cloudevent(send: Callable[[], int], receiver: Receiver, secret: str) -> None:
    incident = change()
    assert send() == 1
    (got,) = receiver.got
    assert (got.method, got.path) == ("POST", "/in")
    assert got.headers["content-type"].startswith("application/cloudevents+json")
    event = from_http_event(HTTPMessage(got.headers, got.body))
    assert event.get_type() == "oims.incident.opened"
    assert event.get_source() == "https://oims.example.org"
    assert event.get_subject() == f"incidents/{incident.id}"
    assert event.get_specversion() == "1.0"
    data = event.get_data()
    assert data["change"]["kind"] == "opened"
    assert data["incident"]["title"] == incident.title
    assert data["incident"]["url"] == f"https://oims.example.org/incidents/{incident.id}"


@pytest.mark.threat("T49")
def test_its_signature_is_checked_by_the_library_of_standard_webhooks(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    change()
    send()
    (got,) = receiver.got
    Webhook(secret).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body.replace(b"high", b"low "), got.headers)
    new = service.renew_secret(1, actor=SYSTEM)
    change("Next")
    send()
    Webhook(new).verify(receiver.got[1].body, receiver.got[1].headers)


@pytest.mark.fault("F34")
def test_a_receiver_that_was_away_gets_everything_once_and_in_order(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    receiver.stop()
    incident = change()
    for number in range(5):
        incidents.comment(incident.id, body=f"Comment {number}", actor=SYSTEM)
    incidents.resolve(incident.id, actor=SYSTEM)
    start = now()
    for minute in range(10):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            assert send() == 0
    assert sum(message.attempts > 0 for message in messages()) == 1, "it is asked with one change"
    receiver.start()
    with time_machine.travel(start + timedelta(minutes=25), tick=False):
        assert send() == 7
        assert send() == 0
    assert kinds(receiver.got) == ["opened", *["commented"] * 5, "resolved"]
    sequence = [got.json["sequence"] for got in receiver.got]
    assert sequence == sorted(sequence)
    assert len({got.json["id"] for got in receiver.got}) == 7


def test_a_change_waits_while_another_worker_sends_the_one_before(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    change("First")
    change("Second")
    first = outbox.claim("worker-2", Channel.WEBHOOK)
    assert first is not None
    assert send() == 0
    outbox.mark_sent(first.id, "worker-2")
    assert send() == 1


def test_a_change_that_is_refused_for_good_is_a_dead_letter_and_the_next_ones_leave(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    receiver.status, receiver.answer = 422, b"no such\nfield <script>"
    change("First")
    send()
    receiver.status = 204
    change("Second")
    assert send() == 1
    dead, sent = messages()
    assert (dead.state, dead.last_error) == (MailState.DEAD, "It answered 422: no such field <script>")
    assert sent.state is MailState.SENT


@pytest.mark.parametrize("status", [301, 302, 401, 404, 408, 410, 429, 500, 503])
def test_what_may_pass_is_tried_again(
    send: Callable[[], int], receiver: Receiver, secret: str, status: int
) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "120", "Location": "/other"}
    change()
    send()
    (message,) = messages()
    assert message.state is MailState.WAITING
    assert message.next_at - now() > timedelta(seconds=100)
    assert [got.path for got in receiver.got] == ["/in"]


def test_replay_sends_the_same_event_once_more(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    change()
    send()
    service.replay(1, messages()[0].id, actor=SYSTEM)
    assert send() == 1
    first, second = receiver.got
    assert first.json["id"] == second.json["id"]
    assert first.json["data"]["change"] == second.json["data"]["change"]


def test_one_that_is_off_gets_nothing_and_what_waited_is_superseded(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    change("First")
    service.turn(1, is_on=False, actor=SYSTEM)
    change("Second")
    assert send() == 0
    (message,) = messages()
    assert (message.state, message.last_error) == (MailState.SUPERSEDED, "OIMS turned the webhook off.")
    with pytest.raises(InvalidInput):
        service.replay(1, message.id, actor=SYSTEM)
    service.turn(1, is_on=True, actor=SYSTEM)
    change("Third")
    assert send() == 1


def test_one_that_is_deleted_leaves_its_log_in_the_outbox(
    send: Callable[[], int], receiver: Receiver, secret: str
) -> None:
    change()
    send()
    service.delete(1, actor=SYSTEM)
    assert queries.everything() == []
    assert [message.hook_id for message in messages()] == [None]


def test_an_alert_is_told_by_mail_and_to_webhooks_at_once(
    make_settings: Callable[..., Settings], secret: str
) -> None:
    settings = make_settings(smtp_host="mail.example.org", mail_to="on-call@example.org")
    current_app.config["SETTINGS"] = settings
    alerts = [event(seq=seq, fingerprint=f"{seq:016}", episode=f"episode-{seq}") for seq in (1, 2)]
    take(settings, *alerts)
    written = [(message.channel, message.kind) for message in messages()]
    assert sorted(written) == sorted(
        2 * [(Channel.MAIL, MailKind.CREATED)] + 2 * [(Channel.WEBHOOK, MailKind.CHANGE)]
    )


def test_that_people_were_told_is_no_change(context: None, secret: str) -> None:
    incident = change()
    with transaction():
        timeline.record(incident.id, MailSent(mail_kind=MailKind.CREATED), SYSTEM, "Mail sent.")
    assert len(messages()) == 1


def test_address_and_secret_are_encrypted_at_rest(secret: str, receiver: Receiver) -> None:
    (webhook,) = queries.everything()
    kept = f"{webhook.url_sealed} {webhook.secret_sealed} {webhook.name} {webhook.host}"
    assert secret not in kept
    assert "/in" not in kept
    assert service.address_of(webhook) == f"{receiver.url}/in"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://localhost/", "ftp://example.org/", "http://u:p@x.org/"]
)
def test_an_address_inside_is_refused_when_it_is_entered(context: None, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        service.create(name="Inside", url=url, actor=SYSTEM)
    assert caught.value.errors[0]["field"] == "url"
