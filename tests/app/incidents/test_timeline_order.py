"""A timeline is in the order of causes, whatever was heard of first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.automation.queries import decisions_of, runs_of
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents import queries
from app.records.accounts import Scope
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.web.incidents import summary
from contract.moments import rfc3339
from tests.app.automation.test_reports import decision, run
from tests.app.journal import event, take


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def after(milliseconds: float) -> str:
    return rfc3339(START + timedelta(milliseconds=milliseconds))


START = now() - timedelta(hours=1)


def firing(seq: int = 1) -> dict[str, Any]:
    return event(id="event-1", seq=seq, received_at=after(0))


def order() -> list[str]:
    db.session.rollback()
    events = queries.timeline(db.session.query(Incident.id).scalar())
    return [
        item.data.get("phase") or item.kind.value for item in events if item.kind != EventKind.MAIL_FAILED
    ]


REPORTS = [
    ("decisions", {"id": "d1", "decided_at": 50}),
    ("runs", {"id": "r1", "queued_at": 51, "started_at": 60, "finished_at": 90}),
]
EXPECTED = ["opened", "decision", "started", "finished"]


def send(report: Any, skew: int, number: int) -> None:
    path, values = REPORTS[number]
    times = {name: after(at + skew) if isinstance(at, int) else at for name, at in values.items()}
    body = decision(**times) if path == "decisions" else run(2, "failed", **times)
    assert report(path, body) == 201


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("skew", [0, -5_000], ids=["clocks agree", "automation's clock is behind"])
@pytest.mark.parametrize("heard", ["alert first", "reports first", "alert in between"])
def test_an_effect_stands_after_its_cause(settings: Settings, report: Any, skew: int, heard: str) -> None:
    steps = {
        "alert first": (None, 0, 1),
        "reports first": (0, 1, None),
        "alert in between": (0, None, 1),
    }[heard]
    for step in steps:
        if step is None:
            take(settings, firing())
        else:
            send(report, skew, step)
    assert order() == EXPECTED
    incident = db.session.query(Incident).one()
    told = summary.summarize(
        incident, queries.timeline(incident.id), runs_of(incident.id), decisions_of(incident.id), now()
    )
    assert told.steps[0].label == "alert fired"


@pytest.mark.usefixtures("context")
def test_what_came_back_stands_before_what_was_decided_about_it(settings: Settings, report: Any) -> None:
    take(settings, firing())
    take(settings, event("resolved", id="event-2", seq=2, received_at=after(1_000)))
    take(settings, event(id="event-3", seq=3, episode="episode-3", received_at=after(2_000)))
    report(
        "decisions", decision(id="d3", seq=3, episode="episode-3", event_id="event-3", decided_at=after(100))
    )
    assert order() == ["opened", "resolved", "reopened", "decision"]


@pytest.mark.usefixtures("context")
def test_the_pages_of_the_api_and_old_entries_stay_as_they_are(
    settings: Settings, report: Any, client: FlaskClient, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer(Scope.READ)
    for number in (0, 1):
        send(report, 0, number)
    take(settings, firing())
    incident_id = db.session.query(Incident.id).scalar()
    path = f"/api/v1/incidents/{incident_id}/timeline?limit=1"
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get(path + cursor, headers=headers).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == sorted(seen)
    assert len(seen) == db.session.query(TimelineEvent).count()
    old = db.session.query(TimelineEvent).filter(TimelineEvent.ordered_at.is_(None)).first()
    assert old is None or old.place == old.at
