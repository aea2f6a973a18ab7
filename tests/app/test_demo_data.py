"""Demo data looks like what the app itself would have left, on both databases."""

import pytest

from app import demo_data
from app.clock import now
from app.errors import InvalidInput
from app.extensions import db
from app.incidents import service
from app.numbers import queries as numbers
from app.numbers.periods import Period
from app.records.actors import SYSTEM
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def test_every_incident_has_a_timeline_that_fits_its_state() -> None:
    demo_data.make(60)
    for incident in db.session.query(Incident):
        told = db.session.query(TimelineEvent).filter_by(incident_id=incident.id)
        kinds = [event.kind for event in told.order_by(TimelineEvent.at, TimelineEvent.id)]
        assert kinds[0] is EventKind.OPENED
        assert (EventKind.RESOLVED in kinds) is (incident.state is State.RESOLVED)
        assert (incident.resolved_at is not None) is (incident.state is State.RESOLVED)
        assert incident.opened_at <= incident.updated_at
    found = numbers.times(numbers.groups(Period(90, now())))
    assert sum(group.opened for group in found.values()) == pytest.approx(60, abs=2)
    assert {has_run for _, has_run in found} == {True, False}


def test_the_next_real_incident_gets_the_next_number() -> None:
    demo_data.make(20, seed=7)
    assert service.create(title="The next one", severity=Severity.LOW, actor=SYSTEM).id == 21


def test_it_does_not_mix_with_real_incidents() -> None:
    service.create(title="Real", severity=Severity.LOW, actor=SYSTEM)
    with pytest.raises(InvalidInput, match="into an empty database only"):
        demo_data.make(10)


@pytest.mark.parametrize("count", [0, -1, demo_data.MOST + 1])
def test_it_makes_no_other_number(count: int) -> None:
    with pytest.raises(InvalidInput, match="between 1 and 100,000"):
        demo_data.make(count)
