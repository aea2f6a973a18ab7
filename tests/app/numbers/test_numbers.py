"""The numbers, on both databases, against the same computed from the timeline by other means."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from app.clock import now
from app.config import Settings
from app.extensions import db
from app.formats import duration
from app.incidents import merging, service
from app.numbers import queries as numbers
from app.numbers.periods import Period
from app.records.accounts import User
from app.records.actors import Actor
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from app.web.numbers import charts, tables
from tests.app import journal
from tests.app.pages.alerts import Alert

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def week() -> Period:
    return Period(7, now())


@pytest.fixture
def at(week: Period) -> Callable[[float], datetime]:
    """A moment so many hours before the end of the week."""
    return lambda hours: (week.end - timedelta(hours=hours)).replace(microsecond=0)


@pytest.fixture
def a_week(settings: Settings, alice: User, at: Callable[[float], datetime]) -> None:
    """Repairs that helped and one that did not, people's work, a reopened incident, and last week's."""
    person = Actor.person(alice)
    for number, hours in enumerate((200, 160, 90, 30)):
        alert = Alert(settings, f"Errors{number % 2}", at(hours), labels={"severity": "critical"})
        alert.fires()
        alert.decided("run", "Attempt 1 of 2.")
        alert.ran("running")
        alert.ends(40 + 10 * number)
        verdict = "still_firing" if number == 1 else "verified"
        alert.finished("succeeded", 20, verification=verdict, verdict_at=at(hours) + timedelta(minutes=3))
    for number, hours in enumerate((100, 99.5, 99)):
        alert = Alert(settings, "Comes=and=goes", at(hours), labels={"severity": "low"})
        alert.fires()
        alert.decided("deferred", "cooldown.", reason="cooldown", after=6)
        alert.decided("declined", "flaps.", reason="flapping" if number else "shadow", after=7)
        alert.ends(600)
    for hours, wait, work in ((50, 5, 60), (20, 15, 90), (2, 1, None)):
        with time_machine.travel(at(hours), tick=False) as clock:
            incident = service.create(title="Printer", severity=Severity.HIGH, actor=person)
            clock.shift(timedelta(minutes=wait))
            service.acknowledge(incident.id, actor=person)
            if work:
                clock.shift(timedelta(minutes=work))
                service.resolve(incident.id, actor=person, reason="Done.")
            if work == 90:
                clock.shift(timedelta(minutes=1))
                service.reopen(incident.id, actor=person, reason="Not done.")
                clock.shift(timedelta(minutes=9))
                service.resolve(incident.id, actor=person, reason="Done now.")
    with time_machine.travel(at(1), tick=False):
        other = service.create(title="Nobody has it", severity=Severity.HIGH, actor=person)
        twin = service.create(title="Nobody has it either", severity=Severity.HIGH, actor=person)
        merging.merge(twin.id, into=other.id, actor=person)


def stories(period: Period) -> list[tuple[Incident, list[TimelineEvent]]]:
    """Return each incident of the period with its timeline, read row by row."""
    told: dict[int, list[TimelineEvent]] = defaultdict(list)
    for event in db.session.query(TimelineEvent).order_by(TimelineEvent.at, TimelineEvent.id):
        told[event.incident_id].append(event)
    return [
        (incident, told[incident.id])
        for incident in db.session.query(Incident)
        if period.start <= told[incident.id][0].at < period.end
    ]


def events(period: Period, kind: EventKind) -> list[TimelineEvent]:
    return [
        event
        for event in db.session.query(TimelineEvent)
        if event.kind is kind and period.start <= event.at < period.end
    ]


@pytest.mark.usefixtures("a_week")
def test_the_times_are_those_of_the_timeline(week: Period) -> None:
    expected: dict[Any, list[list[float]]] = defaultdict(lambda: [[], [], []])
    for incident, told in stories(week):
        has_run = any(event.kind is EventKind.RUN for event in told)
        opened, acknowledged, resolved = expected[incident.severity, has_run]
        opened.append(1)
        taken = [event.at for event in told if event.kind is EventKind.ACKNOWLEDGED]
        over = [event.at for event in told if event.kind is EventKind.RESOLVED]
        if taken:
            acknowledged.append((taken[0] - told[0].at).total_seconds())
        if over and incident.state is State.RESOLVED and incident.merged_into_id is None:
            resolved.append((over[-1] - told[0].at).total_seconds())
    found = numbers.times(numbers.groups(week))
    assert set(found) == set(expected)
    assert len(found) >= 3
    for key, (opened, acknowledged, resolved) in expected.items():
        group = found[key]
        assert (group.opened, group.acknowledged, group.resolved) == (
            len(opened),
            len(acknowledged),
            len(resolved),
        )
        assert group.acknowledge_s == pytest.approx(sum(acknowledged), abs=0.01)
        assert group.resolve_s == pytest.approx(sum(resolved), abs=0.01)
    people = found[Severity.HIGH, False]
    assert people.mtta_s == pytest.approx(7 * 60, abs=0.1)
    assert people.mttr_s == pytest.approx((65 + 115) / 2 * 60, abs=0.1)


@pytest.mark.usefixtures("a_week")
def test_the_days_are_those_of_the_timeline(week: Period) -> None:
    expected: dict[str, list[int]] = {day: [0, 0] for day in week.dates}
    for _, told in stories(week):
        has_run = any(event.kind is EventKind.RUN for event in told)
        expected[told[0].at.date().isoformat()][0 if has_run else 1] += 1
    assert numbers.per_day(numbers.groups(week), week) == {day: tuple(pair) for day, pair in expected.items()}


@pytest.mark.usefixtures("a_week")
def test_what_the_automation_did_is_what_the_timeline_tells(week: Period) -> None:
    started = [event for event in events(week, EventKind.RUN) if event.data["phase"] == "started"]
    verdicts = Counter(event.data["phase"] for event in events(week, EventKind.VERDICT))
    skipped = Counter(
        event.data["reason"] for event in events(week, EventKind.DECISION) if event.data["decision"] != "run"
    )
    found = numbers.automation(week)
    assert (found.attempted, found.verified, found.ineffective) == (
        len(started),
        verdicts["verified"],
        verdicts["still_firing"] + verdicts["timed_out"],
    )
    assert dict(found.skipped) == skipped == {"cooldown": 3, "flapping": 2, "shadow": 1}
    assert (found.attempted, found.verified, found.ineffective) == (3, 2, 1)


@pytest.mark.usefixtures("a_week")
def test_noise_is_counted_as_the_timeline_tells_it(week: Period) -> None:
    firing = {EventKind.OPENED, EventKind.ALERT_FIRED, EventKind.REOPENED}
    named = {row.id: row.alertname for row in db.session.query(Incident)}
    expected = Counter(
        named[event.incident_id] for kind in firing for event in events(week, kind) if "seq" in event.data
    )
    assert {name: firings for name, firings, _ in numbers.noisiest(week)} == expected
    assert numbers.noisiest(week)[0][0] == "Comes=and=goes"
    ((name, times, _),) = numbers.flapping(week)
    assert (name, times) == ("Comes=and=goes", 2)


def test_new_words_of_an_alert_are_no_new_firing(settings: Settings, week: Period) -> None:
    began = week.end - timedelta(hours=1)
    with time_machine.travel(began, tick=False):
        for words in ("91 % full", "99 % full", "Full"):
            journal.take(settings, journal.event(starts_at=began, annotations={"summary": words}))
    assert numbers.noisiest(week) == [("IncidentAppErrors", 1, 1)]
    assert numbers.flapping(week) == []


@pytest.mark.usefixtures("a_week")
def test_who_holds_what_is_counted_now() -> None:
    assert numbers.held() == {"Alice": {Severity.HIGH: 1}, None: {Severity.HIGH: 1}}


@pytest.mark.usefixtures("a_week")
def test_a_table_as_csv_says_the_same_and_computes_nothing_in_a_spreadsheet(week: Period) -> None:
    table = tables.noisiest(week)
    rows = list(csv.reader(table.csv().splitlines()))
    assert rows[0] == ["Alert", "Firings", "Incidents"]
    assert [row[0] for row in rows[1:]] == [str(row[0]) for row in table.rows]
    formula = tables.Table("x", "X", [("Alert", "text"), ("Took", "s")], [["=1+1", 2.00049]])
    assert formula.csv() == "Alert,Took (s)\r\n'=1+1,2.0\r\n"


def test_nothing_at_all_gives_empty_numbers(week: Period) -> None:
    assert numbers.times(numbers.groups(week)) == {}
    assert numbers.automation(week) == numbers.Automation(0, 0, 0, 0, [])
    assert charts.columns("Days", numbers.per_day(numbers.groups(week), week)).description == "0 in all."


def test_a_chart_says_in_words_what_it_shows() -> None:
    chart = charts.columns("Days", {"2026-11-22": (1, 2), "2026-11-23": (0, 5)})
    assert chart.description == "8 in all, most on 2026-11-23 (5)."
    assert max(bar.height for bar in chart.bars) == charts.BASE - charts.TOP
    pairs = charts.pairs("MTTR", [("High", 60.0, None), ("Low", 30.0, 120.0)], duration)
    assert "High, people alone: none." in pairs.description
    assert "Low, people alone: 2 min." in pairs.description


@pytest.mark.parametrize(
    ("given", "days"), [("30d", 30), ("90d", 90), (None, 7), ("", 7), ("1 OR 1=1", 7), ("-7d", 7)]
)
def test_the_period_stands_in_the_url(given: str | None, days: int) -> None:
    assert Period.from_url(given, now()).days == days
