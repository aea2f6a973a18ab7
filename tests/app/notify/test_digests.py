"""What goes over a person's cap comes in a digest, and a storm of news never holds back a call."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.incidents import queries, service
from app.notify import account_mails, caps, outbox
from app.records.accounts import User
from app.records.actors import AUTOMATION, SYSTEM
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.records.subscriptions import Least, Reach, Topic
from app.subscriptions import service as subscriptions
from tests.app.notify.conftest import ON_CALL, Sink, words
from tests.app.notify.storms import CAP, run_until_all_is_told, storm

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def mail_settings() -> dict[str, str]:
    return {"mail_cap": str(CAP)}


def states() -> Counter[str]:
    db.session.rollback()
    return Counter(row.state.value for row in db.session.query(OutboxMessage))


def test_what_is_over_the_cap_comes_in_one_mail_that_names_every_incident(
    sink: Sink, send: Callable[[], int], clock: time_machine.Traveller
) -> None:
    made = storm(10)
    service.resolve(made[-1], actor=SYSTEM)
    assert send() == CAP
    assert states() == {"sent": CAP, "collected": 8}
    clock.shift(caps.COLLECT_FOR)
    send()
    assert send() == 1
    digest = sink.mails[-1]
    assert digest["Subject"] == "[OIMS] 7 incidents in one mail: 6 open, 1 resolved"
    for kind in ("plain", "html"):
        said = words(digest, kind)
        assert "8 mails about 7 incidents, in one." in said
        assert f"more than {CAP} mails about incidents went to you within an hour" in said
        for number in made[CAP:]:
            assert f"#{number} Broken {number - 1}" in said
    assert f"https://oims.example.org/incidents/{made[-1]}" in words(digest)
    assert re.search(
        rf"#{made[-1]} .* resolved; open \d\d:\d\d:\d\d, resolved \d\d:\d\d:\d\d UTC", words(digest)
    )
    told = queries.timeline(made[-1])[-1].summary
    assert told in {
        "Mail “Open” sent to 1 person in a digest.",
        "Mail “Resolved” sent to 1 person in a digest.",
    }


def test_an_hour_later_mails_come_one_by_one_again(
    sink: Sink, send: Callable[[], int], clock: time_machine.Traveller
) -> None:
    storm(CAP)
    assert send() == CAP
    clock.shift(timedelta(hours=1))
    storm(CAP + 1)
    assert send() == CAP


def test_a_storm_of_news_never_holds_back_a_call_and_calls_are_no_mail_bomb(
    sink: Sink, send: Callable[[], int]
) -> None:
    made = storm(10)
    send()
    for number in made:
        service.escalate(number, actor=AUTOMATION, reason="It did not help")
    assert send() == CAP
    assert Counter(mail["Subject"].split()[2] for mail in sink.mails) == {"Open:": CAP, "Needs": CAP}


def test_each_person_has_a_cap_of_their_own(
    make_settings: Callable[..., Settings], sink: Sink, send: Callable[[], int], app: Flask, port: int
) -> None:
    storm(CAP)
    app.config["SETTINGS"] = make_settings(
        smtp_host="127.0.0.1", smtp_port=port, mail_to=f"{ON_CALL},second@example.org", mail_cap=CAP
    )
    storm(1)
    send()
    assert len(sink.to(ON_CALL)) == CAP
    assert len(sink.to("second@example.org")) == 1


def test_an_alert_that_flaps_fills_a_digest_and_not_a_mailbox(
    sink: Sink, send: Callable[[], int], clock: time_machine.Traveller
) -> None:
    (number,) = storm(1)
    for _ in range(20):
        service.resolve(number, actor=SYSTEM)
        service.reopen(number, actor=SYSTEM)
        send()
        clock.shift(timedelta(seconds=10))
    run_until_all_is_told(send, clock)
    assert len(sink.mails) == CAP + 1
    assert sink.mails[-1]["Subject"] == "[OIMS] 1 incident in one mail: 1 open"


def test_ten_flips_are_four_mails_one_call_and_one_digest_however_high_the_cap(
    make_settings: Callable[..., Settings],
    sink: Sink,
    send: Callable[[], int],
    clock: time_machine.Traveller,
    app: Flask,
    port: int,
) -> None:
    app.config["SETTINGS"] = make_settings(
        smtp_host="127.0.0.1", smtp_port=port, mail_to=ON_CALL, mail_cap=100
    )
    number, other = storm(2)
    for flip in range(10):
        service.resolve(number, actor=SYSTEM)
        send()
        service.reopen(number, actor=SYSTEM)
        send()
        clock.shift(timedelta(seconds=10))
        if flip == 1:
            service.escalate(number, actor=AUTOMATION, reason="The alert flaps")
    service.resolve(other, actor=SYSTEM)
    run_until_all_is_told(send, clock)
    about = [mail["Subject"].split()[2] for mail in sink.mails if f"#{number}" in mail["Subject"]]
    assert about == ["Open:", "Resolved:", "Reopened:", "Resolved:", "Needs"]
    assert [mail["Subject"] for mail in sink.mails if "in one mail" in mail["Subject"]] == [
        "[OIMS] 1 incident in one mail: 1 open"
    ]
    assert [mail["Subject"].split()[2] for mail in sink.mails if f"#{other}" in mail["Subject"]] == [
        "Open:",
        "Resolved:",
    ], "another incident's news is not held"


def test_letters_about_accounts_are_not_counted(sink: Sink, send: Callable[[], int], alice: User) -> None:
    storm(CAP + 1)
    with transaction():
        for _ in range(CAP + 1):
            account_mails.password_changed(alice)
    assert send() == CAP + CAP + 1


def test_a_digest_that_is_refused_is_a_dead_letter_told_on_each_of_its_incidents(
    sink: Sink, send: Callable[[], int], clock: time_machine.Traveller
) -> None:
    made = storm(CAP + 2)
    send()
    clock.shift(caps.COLLECT_FOR)
    send()
    sink.reply = "550 no such person"
    send()
    digest = db.session.query(OutboxMessage).filter_by(kind=MailKind.DIGEST).one()
    assert digest.state is MailState.DEAD
    for number in made[CAP:]:
        assert queries.timeline(number)[-1].kind == "mail_failed"
    sink.reply = "250 OK"
    outbox.retry(digest.id, actor=SYSTEM)
    assert send() == 1


def test_who_asked_for_digests_gets_news_in_them_and_calls_at_once(
    alice: User, sink: Sink, send: Callable[[], int], clock: time_machine.Traveller
) -> None:
    everything = dict.fromkeys(Topic, Least.ALL)
    subscriptions.choose(alice.id, reach=Reach.EVERYTHING, least=everything, is_collected=True)
    (number,) = storm(1)
    service.escalate(number, actor=SYSTEM)
    send()
    assert [mail["Subject"] for mail in sink.to(alice.email)] == [f"[OIMS #{number}] Escalated: Broken 0"]
    clock.shift(caps.COLLECT_FOR)
    send()
    send()
    assert "you asked for the news in digests" in words(sink.to(alice.email)[-1])
    assert sink.to(alice.email)[-1]["List-Unsubscribe"].startswith("<https://")


def test_what_maintenance_held_is_digested_too_when_it_ends(sink: Sink, send: Callable[[], int]) -> None:
    storm(CAP * 3)
    with transaction():
        db.session.query(OutboxMessage).update({"next_at": now() + timedelta(hours=2)})
    with time_machine.travel(now() + timedelta(hours=2, seconds=1), tick=False) as clock:
        assert send() == CAP
        run_until_all_is_told(send, clock)
    assert len(sink.mails) == CAP + 1
