"""What journal events do to incidents, on both databases."""

from datetime import timedelta

import pytest
import time_machine
from pydantic import ValidationError

from app.config import Settings
from app.extensions import db
from app.incidents import queries, service
from app.records import cursor
from app.records.accounts import User
from app.records.actors import Actor
from app.records.alerts import AlertEvent
from app.records.incidents import EventKind, Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from tests.app.journal import event, take

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def incidents() -> list[Incident]:
    return list(db.session.query(Incident).order_by(Incident.id))


def kinds(incident: Incident) -> list[EventKind]:
    return [item.kind for item in queries.timeline_page(incident.id).items]


def mails() -> list[tuple[MailKind, str]]:
    return [
        (mail.kind, mail.recipient) for mail in db.session.query(OutboxMessage).order_by(OutboxMessage.id)
    ]


def test_it_opens_an_incident_with_the_words_of_the_alert(settings: Settings) -> None:
    take(settings, event())
    (incident,) = incidents()
    assert incident.title == "Every second request fails"
    assert (incident.state, incident.severity, incident.is_firing) == (State.OPEN, Severity.CRITICAL, True)
    assert (incident.alertname, incident.service) == ("IncidentAppErrors", "oims-app")
    assert mails() == [(MailKind.CREATED, "oncall@example.org"), (MailKind.CREATED, "lead@example.org")]


def test_the_same_event_two_hundred_times_is_one_incident(settings: Settings) -> None:
    row = event()
    for _ in range(200):
        take(settings, row)
    assert len(incidents()) == 1
    assert db.session.query(AlertEvent).count() == 1
    assert len(mails()) == 2


def test_it_joins_the_open_incident_of_the_same_fingerprint(settings: Settings) -> None:
    take(settings, event(), event(episode="episode-2"))
    (incident,) = incidents()
    assert kinds(incident) == [EventKind.OPENED, EventKind.ALERT_FIRED]
    assert incident.episode == "episode-2"


def test_it_resolves_an_incident_that_nobody_has_taken_over(settings: Settings) -> None:
    take(settings, event(), event("resolved"))
    (incident,) = incidents()
    assert (incident.state, incident.is_firing) == (State.RESOLVED, False)
    assert mails()[-1] == (MailKind.RESOLVED, "lead@example.org")


@pytest.mark.parametrize("takes", ["acknowledge", "assign"])
def test_the_end_of_the_alert_leaves_an_incident_with_the_person_who_has_it(
    settings: Settings, alice: User, takes: str
) -> None:
    take(settings, event())
    (incident,) = incidents()
    if takes == "acknowledge":
        service.acknowledge(incident.id, actor=Actor.person(alice))
    else:
        service.assign(incident.id, owner_id=alice.id, actor=Actor.person(alice))
    take(settings, event("resolved"))
    incident = queries.get(incident.id)
    assert incident.state is not State.RESOLVED
    assert not incident.is_firing
    assert kinds(incident)[-1] is EventKind.ALERT_RESOLVED
    assert mails()[-1] == (MailKind.ALERT_ENDED, alice.email)
    take(settings, event("resolved"))
    assert [kind for kind, _ in mails()].count(MailKind.ALERT_ENDED) == 1


def test_it_reopens_an_incident_when_its_alert_fires_again_in_the_window(
    settings: Settings,
) -> None:
    take(settings, event(), event("resolved"), event(episode="episode-2"))
    (incident,) = incidents()
    assert incident.state is State.OPEN
    assert kinds(incident)[-1] is EventKind.REOPENED
    assert mails()[-1][0] is MailKind.REOPENED


def test_after_the_window_it_opens_a_new_incident_linked_to_the_old(settings: Settings) -> None:
    take(settings, event(), event("resolved"))
    with time_machine.travel(queries.get(incidents()[0].id).resolved_at + timedelta(minutes=31), tick=False):
        take(settings, event(episode="episode-2"))
    old, new = incidents()
    assert new.previous_id == old.id
    assert old.state is State.RESOLVED


def test_an_incident_resolved_while_its_alert_fires_stays_resolved_in_that_episode(
    settings: Settings, alice: User
) -> None:
    take(settings, event())
    (incident,) = incidents()
    service.resolve(incident.id, actor=Actor.person(alice), reason="known, harmless")
    take(settings, event())
    assert queries.get(incident.id).state is State.RESOLVED


def test_an_alert_that_only_proves_that_alerts_arrive_opens_nothing(settings: Settings) -> None:
    take(settings, event(labels={"alertname": "Watchdog", "severity": "none"}))
    assert incidents() == []
    assert db.session.query(AlertEvent).count() == 1


def test_a_test_of_the_path_opens_an_incident_that_calls_nobody(settings: Settings) -> None:
    labels = {"alertname": "HelmTest", "severity": "critical"}
    take(settings, event(labels=labels), event("resolved", labels=labels))
    (incident,) = incidents()
    assert incident.state is State.RESOLVED
    assert "nobody is called" in queries.timeline_page(incident.id).items[0].summary
    assert mails() == []


def test_no_label_of_what_is_measured_keeps_an_alert_quiet(settings: Settings) -> None:
    labels = {"alertname": "Broken", "severity": "critical", "oims_test": "true", "probe": "HelmTest"}
    take(settings, event(labels=labels))
    assert mails() != []


def test_the_end_of_an_alert_never_heard_of_opens_nothing(settings: Settings) -> None:
    take(settings, event("resolved"))
    assert incidents() == []


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("HIGH", Severity.HIGH),
        ("warning", Severity.MEDIUM),
        ("info", Severity.LOW),
        ("purple", Severity.MEDIUM),
        ("", Severity.MEDIUM),
    ],
)
def test_it_reads_the_severity_from_the_label(settings: Settings, label: str, severity: Severity) -> None:
    take(settings, event(labels={"alertname": "X", "severity": label}))
    assert incidents()[0].severity is severity


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a\r\nBcc: evil@example.org",
        "\x00\x1b[31mred",
        "{{ 7*7 }}",
        "x" * 5000,
        "\ud800",
    ],
)
@pytest.mark.threat("T15")
def test_hostile_text_stays_text_and_is_stored_within_limits(settings: Settings, text: str) -> None:
    labels = {"alertname": text, "severity": "high", "job": text, text: text}
    take(settings, event(labels=labels, annotations={"summary": text, "description": text}))
    (incident,) = incidents()
    assert len(incident.title) <= 200
    assert incident.title.isprintable()
    assert "\x00" not in incident.description
    for mail in db.session.query(OutboxMessage):
        assert mail.subject.isprintable()
        assert "<script>" not in mail.html


@pytest.mark.fault("F29")
def test_nothing_of_a_batch_counts_when_the_database_fails_in_its_middle(settings: Settings) -> None:
    broken = event(seq=902) | {"labels": None}
    with pytest.raises(ValidationError):
        take(settings, event(seq=901), broken)
    assert incidents() == []
    assert cursor.offset() == 0
