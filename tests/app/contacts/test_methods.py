"""Contact methods: proved by a code that comes by them, used by rules, retried, and gone when removed."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from app.clock import now
from app.contacts import rules, service
from app.database import transaction
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.extensions import db
from app.notify import people, preferences
from app.notify.people import Message, Notified
from app.records.accounts import User
from app.records.channels import Channel, ContactMethod, MethodKind, Urgency
from app.records.outbox import MailKind, MailState, OutboxMessage
from tests.app.receivers import Receiver

PAGE = Message("Checkout is down", ("Nobody has it.",), why="you are on call", link="https://x.example/1")


@pytest.fixture
def phone(alice: User, receiver: Receiver) -> ContactMethod:
    address = f"gotify://127.0.0.1:{receiver.port}/AbCdEf123456789"
    return service.add(alice, kind=MethodKind.GOTIFY, name="Phone", address=address)


@pytest.fixture
def proved(alice: User, phone: ContactMethod, send: Callable[[], int], receiver: Receiver) -> ContactMethod:
    send()
    service.prove(alice, phone.id, code(receiver))
    receiver.got.clear()
    return phone


def code(receiver: Receiver) -> str:
    found = re.search(r"\b\d{6}\b", receiver.got[-1].json["message"])
    assert found is not None
    return found[0]


def page(user: User, urgency: Urgency = Urgency.HIGH) -> Notified:
    with transaction():
        return people.notify(user.id, urgency, PAGE, reference="step 1")


def messages(kind: MailKind = MailKind.PAGE) -> list[OutboxMessage]:
    db.session.rollback()
    found = db.select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id)
    return list(db.session.scalars(found))


def test_a_method_is_used_once_the_code_that_came_by_it_is_entered(
    alice: User, phone: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    assert [way.channel for way in page(alice).ways] == [Channel.MAIL]
    send()
    with pytest.raises(InvalidInput):
        service.prove(alice, phone.id, "000000" if code(receiver) != "000000" else "111111")
    service.prove(alice, phone.id, f" {code(receiver)} ")
    assert [way.name for way in page(alice).ways] == ["mail", "Phone (Gotify)"]
    assert messages(MailKind.PROOF)[0].text == "", "a code that was sent is not kept"


def test_a_code_ends_after_its_time_and_after_five_tries(
    alice: User, phone: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    send()
    first = code(receiver)
    with time_machine.travel(now() + service.CODE_VALID + timedelta(seconds=1)), pytest.raises(InvalidInput):
        service.prove(alice, phone.id, first)
    service.send_code(alice, phone.id)
    send()
    for _ in range(service.MOST_TRIES):
        with pytest.raises(InvalidInput):
            service.prove(alice, phone.id, "x")
    with pytest.raises(InvalidInput):
        service.prove(alice, phone.id, code(receiver))


def test_nobody_is_flooded_with_codes_or_tests(alice: User, phone: ContactMethod) -> None:
    for _ in range(service.MOST_AN_HOUR - 1):
        service.send_code(alice, phone.id)
    with pytest.raises(InvalidTransition):
        service.send_code(alice, phone.id)
    with time_machine.travel(now() + timedelta(minutes=61)):
        service.send_code(alice, phone.id)


def test_a_page_arrives_with_its_link(
    alice: User, proved: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    page(alice)
    assert send() == 1
    assert receiver.got[0].json["title"] == "Checkout is down"
    assert receiver.got[0].json["message"] == "Nobody has it.\nhttps://x.example/1"


def test_rules_say_which_method_comes_when(alice: User, proved: ContactMethod) -> None:
    rules.add(alice, urgency=Urgency.HIGH, method_id=proved.id, after_s=0)
    rules.add(alice, urgency=Urgency.HIGH, method_id=None, after_s=120)
    first, second = page(alice).ways
    assert (first.name, second.name) == ("Phone (Gotify)", "mail")
    assert second.at - first.at == timedelta(minutes=2)
    assert [way.name for way in page(alice, Urgency.LOW).ways] == ["mail"]


def test_a_method_that_fails_has_the_next_one_tried_at_once(
    alice: User, proved: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    rules.add(alice, urgency=Urgency.HIGH, method_id=proved.id, after_s=0)
    rules.add(alice, urgency=Urgency.HIGH, method_id=None, after_s=600)
    receiver.status = 503
    page(alice)
    send()
    tried, following = messages()
    assert (tried.state, tried.attempts) == (MailState.WAITING, 1)
    assert following.next_at <= now()


@pytest.mark.fault("F35")
def test_a_service_that_was_away_gets_every_page_once_and_in_order(
    alice: User, proved: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    rules.add(alice, urgency=Urgency.HIGH, method_id=proved.id, after_s=0)
    receiver.stop()
    start = now()
    for number in range(4):
        with transaction():
            message = Message(f"Page {number}", ("Look.",), why="you are on call")
            people.notify(alice.id, Urgency.HIGH, message, reference=f"step {number}")
    for minute in range(10):
        with time_machine.travel(start + timedelta(minutes=minute), tick=False):
            assert send() == 0
    with transaction():
        people.stop("step 2", "Alice acknowledged it.")
    receiver.start()
    with time_machine.travel(start + timedelta(minutes=11), tick=False):
        assert send() == 3
        assert send() == 0
    assert [got.json["title"] for got in receiver.got] == ["Page 0", "Page 1", "Page 3"]
    reasons = [message.last_error for message in messages() if message.state is MailState.SUPERSEDED]
    assert reasons == ["Alice acknowledged it."]


def test_what_is_needed_to_send_is_encrypted_at_rest(phone: ContactMethod) -> None:
    assert "AbCdEf" not in f"{phone.sealed} {phone.name}"
    assert all("AbCdEf" not in f"{message.payload} {message.text}" for message in messages(MailKind.PROOF))


def test_a_removed_method_takes_its_rules_and_what_waits_with_it(
    alice: User, proved: ContactMethod, send: Callable[[], int]
) -> None:
    rules.add(alice, urgency=Urgency.HIGH, method_id=proved.id, after_s=60)
    page(alice)
    service.remove(alice, proved.id)
    assert preferences.rules(alice.id) == []
    (message,) = messages()
    assert (message.state, message.method_id) == (MailState.SUPERSEDED, None)
    assert [way.name for way in page(alice).ways] == ["mail"]


def test_nobody_touches_the_methods_of_somebody_else(alice: User, bob: User, proved: ContactMethod) -> None:
    for act in (service.send_code, service.test, service.remove):
        with pytest.raises(NotFound):
            act(bob, proved.id)
    with pytest.raises(NotFound):
        service.prove(bob, proved.id, "123456")
    with pytest.raises(InvalidInput):
        rules.add(bob, urgency=Urgency.HIGH, method_id=proved.id, after_s=0)


@pytest.mark.parametrize("allowed", [""])
@pytest.mark.threat("T48")
def test_a_method_inside_is_a_dead_letter_that_says_why(
    alice: User, phone: ContactMethod, send: Callable[[], int], receiver: Receiver
) -> None:
    assert send() == 0
    (message,) = messages(MailKind.PROOF)
    assert message.state is MailState.DEAD
    assert "127.0.0.1 lies inside" in (message.last_error or "")
    assert receiver.got == []
