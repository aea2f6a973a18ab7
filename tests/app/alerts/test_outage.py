"""While no alert can arrive the worker says so itself: one incident for each outage, and its end."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts.outage import TITLE, Watch
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.incidents import merging, service
from app.records import cursor
from app.records.accounts import User
from app.records.actors import SYSTEM
from app.records.incidents import EventKind, Incident, Source, TimelineEvent
from app.records.lifecycle import State
from app.records.outbox import MailKind
from app.severities import Severity
from tests.app.alerts.outages import Steady, incidents, mails, miss, read, to_all, told

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.parametrize(
    ("is_answered", "words"),
    [(False, "The webhook does not answer the worker."), (True, "the worker cannot read its journal.")],
)
def test_a_journal_that_cannot_be_read_opens_one_incident_with_event_and_mails(
    settings: Settings, steady: Steady, *, is_answered: bool, words: str
) -> None:
    miss(settings, steady, is_answered=is_answered)
    miss(settings, steady, is_answered=is_answered)  # another worker, or this one after a restart

    (incident,) = incidents()
    assert (incident.title, incident.severity, incident.source) == (TITLE, Severity.CRITICAL, Source.SYSTEM)
    assert words in incident.description
    assert [words in line for line in told(incident)] == [True]
    assert mails() == to_all(MailKind.CREATED)


def test_it_closes_by_itself_when_the_journal_is_read_again(settings: Settings, steady: Steady) -> None:
    miss(settings, steady)
    read(settings)
    Watch(settings).heard()
    Watch(settings).heard()

    (incident,) = incidents()
    assert incident.state is State.RESOLVED
    assert [line.startswith("Resolved: alerts arrive again.") for line in told(incident)] == [False, True]
    assert mails() == to_all(MailKind.CREATED) + to_all(MailKind.RESOLVED)


@pytest.mark.fault("F14")
@pytest.mark.threat("T29")
def test_an_overdue_watchdog_opens_it_and_one_that_is_back_closes_it(
    settings: Settings, steady: Steady
) -> None:
    watch = Watch(settings)
    steady.at += 200
    read(settings, watchdog_age_s=170)
    watch.heard()
    assert incidents() == []

    read(settings, watchdog_age_s=190)
    with transaction():
        cursor.lock().watchdog_at = now() - timedelta(seconds=190)
    watch.heard()
    Watch(settings).heard()
    assert ["Watchdog" in incident.description for incident in incidents()] == [True]

    read(settings, watchdog_age_s=2)
    watch.heard()
    assert [incident.state for incident in incidents()] == [State.RESOLVED]


def test_a_webhook_that_started_anew_and_has_not_heard_of_watchdog_ends_no_outage(
    settings: Settings, steady: Steady
) -> None:
    watch = Watch(settings)
    read(settings, watchdog_age_s=1000)
    steady.at += 200
    watch.heard()
    read(settings, watchdog_age_s=None)
    watch.heard()

    assert [incident.state for incident in incidents()] == [State.OPEN]


@pytest.mark.parametrize("age_s", [None, 1e6])
def test_without_watchdog_or_with_0s_nothing_is_concluded_from_it(
    make_settings: Callable[..., Settings], steady: Steady, age_s: float | None
) -> None:
    settings = make_settings(watchdog_silent_after="0s" if age_s else "3m")
    watch = Watch(settings)
    read(settings, watchdog_age_s=age_s)
    steady.at += 1e6
    watch.heard()

    assert incidents() == []


def test_a_worker_that_has_just_started_gives_the_others_time_to_start(
    settings: Settings, steady: Steady
) -> None:
    """After a night in which all was off, all starts together."""
    with transaction():
        place = cursor.lock()
        place.caught_up_at = place.watchdog_at = now() - timedelta(hours=9)

    miss(settings, steady, seconds=100)
    with transaction():
        cursor.lock().caught_up_at = now()
    Watch(settings).heard()

    assert incidents() == []


def test_a_worker_that_alone_reaches_nothing_opens_nothing(settings: Settings, steady: Steady) -> None:
    watch = Watch(settings)
    for _ in range(10):
        watch.missed(is_answered=False)
        steady.at += 60
        read(settings)  # by another worker

    watch.missed(is_answered=False)
    assert incidents() == []


def test_another_cause_of_the_same_outage_is_told_on_its_incident(settings: Settings, steady: Steady) -> None:
    watch = Watch(settings)
    steady.at += 200
    read(settings, watchdog_age_s=1000)
    watch.heard()
    miss(settings, steady)
    miss(settings, steady, is_answered=True)  # one that starts again and again is no news each time

    (incident,) = incidents()
    assert [line.split(". ")[0] for line in told(incident)] == [
        "Opened by OIMS: no alert can arrive",
        "Still no alert",
    ]
    assert "The webhook does not answer" in incident.description
    assert mails() == to_all(MailKind.CREATED)


def test_an_incident_that_a_person_has_stays_with_the_person_who_hears_of_the_end(
    settings: Settings, steady: Steady, alice: User
) -> None:
    miss(settings, steady)
    (incident,) = incidents()
    service.assign(incident.id, owner_id=alice.id, actor=SYSTEM)
    read(settings)
    Watch(settings).heard()

    (incident,) = incidents()
    assert incident.state is State.OPEN
    assert told(incident)[-1].startswith("Alerts arrive again.")
    assert mails()[-1] == (MailKind.ALERT_ENDED, "alice@example.org")


def test_an_outage_soon_after_another_reopens_its_incident(settings: Settings, steady: Steady) -> None:
    for _ in range(2):
        miss(settings, steady)
        read(settings)
        Watch(settings).heard()
    (incident,) = incidents()
    kinds = (
        select(TimelineEvent.kind).where(TimelineEvent.incident_id == incident.id).order_by(TimelineEvent.id)
    )
    assert list(db.session.scalars(kinds)) == [
        EventKind.OPENED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
        EventKind.RESOLVED,
    ]


def test_an_outage_much_later_opens_one_that_names_the_one_before(settings: Settings, steady: Steady) -> None:
    miss(settings, steady)
    read(settings)
    Watch(settings).heard()
    with transaction():
        first = db.session.scalars(select(Incident)).one()
        first.resolved_at = now() - timedelta(hours=2)
    miss(settings, steady)

    first, second = incidents()
    assert second.previous_id == first.id


def test_one_merged_into_another_incident_goes_on_there(settings: Settings, steady: Steady) -> None:
    miss(settings, steady)
    (mine,) = incidents()
    other = service.create(title="The cluster is down", severity=Severity.CRITICAL, actor=SYSTEM)
    merging.merge(mine.id, into=other.id, actor=SYSTEM)
    read(settings)
    Watch(settings).heard()

    other = db.session.get_one(Incident, other.id)
    assert any("alerts arrive again" in line.lower() for line in told(other))
    assert other.state is State.OPEN, "it may be about more than alerts that don't arrive"

    service.resolve(other.id, actor=SYSTEM)
    miss(settings, steady)
    assert [incident.state for incident in incidents()] == [State.OPEN, State.RESOLVED]
