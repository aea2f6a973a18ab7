"""What SQL says of filters, related incidents, links and duplicates: the same on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.errors import InvalidTransition
from app.extensions import db
from app.incidents import details, merging, queries, saved_views, service
from app.incidents.related import related
from app.paging import MAX_ID
from app.records.actors import SYSTEM
from app.records.lifecycle import State
from app.reviews import queries as reviews
from app.reviews import service as review_service
from app.severities import Severity
from tests.app.pages import stories

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


def opened(title="Broken", at=NOON, **given):
    with time_machine.travel(at, tick=False):
        return service.create(title=title, severity=Severity.HIGH, actor=SYSTEM, **given)


def found(**filters):
    return [incident.title for incident in queries.page(queries.Filters(**filters)).items]


def test_labels_of_the_alert_and_of_people_are_found_alike():
    opened("Alert's", labels={"team": "shop", "weird-name.x": 'quo"te'})
    mine = opened("People's")
    details.change(mine.id, about="", tags={"team": "shop"}, actor=SYSTEM)
    opened("Other", labels={"team": "search"})
    assert found(label=("team", "shop")) == ["People's", "Alert's"]
    assert found(label=("weird-name.x", 'quo"te')) == ["Alert's"]
    assert found(label=("te'am", "x")) == []
    assert queries.count(queries.Filters(label=("team", "shop"))) == 2


def test_days_are_half_open():
    opened("Before", NOON - timedelta(days=1))
    opened("Noon", NOON)
    opened("After", NOON + timedelta(days=1))
    assert found(since=NOON, until=NOON + timedelta(days=1)) == ["Noon"]


def test_related_incidents_come_once_with_their_strongest_reason(settings):
    first = stories.healed(settings, NOON - timedelta(days=3))
    second = stories.healed(settings, NOON)
    same_target = stories.ineffective(settings, NOON - timedelta(days=1))
    service = second.service
    near = opened("Near", NOON + timedelta(minutes=20), service=service)
    opened("Far", NOON + timedelta(hours=2), service=service)
    opened("Another service", NOON + timedelta(minutes=20), service="other")
    reasons = {other.incident.id: other.why for other in related(second)}
    assert reasons == {
        first.id: "same alert",
        same_target.id: "same target",
        near.id: "same service and hour",
    }


def test_links_go_both_ways_once():
    one, two, three = opened("One"), opened("Two"), opened("Three")
    merging.link(two.id, other_id=one.id, actor=SYSTEM)
    merging.link(one.id, other_id=two.id, actor=SYSTEM)
    merging.link(one.id, other_id=three.id, actor=SYSTEM)
    assert [other.title for other in merging.linked(one.id)] == ["Three", "Two"]
    assert [other.title for other in merging.linked(two.id)] == ["One"]
    assert [event.kind for event in queries.timeline(two.id)] == ["opened", "linked"]
    merging.unlink(two.id, other_id=one.id, actor=SYSTEM)
    merging.unlink(two.id, other_id=one.id, actor=SYSTEM)
    assert merging.linked(two.id) == []
    assert [event.kind for event in queries.timeline(two.id)] == ["opened", "linked", "unlinked"]


def test_a_chain_of_duplicates_leads_to_the_one_that_goes_on():
    one, two, three = opened(), opened(), opened()
    merging.merge(one.id, into=two.id, actor=SYSTEM)
    merging.merge(two.id, into=three.id, actor=SYSTEM)
    going_on = merging.goes_on(queries.get(one.id))
    assert going_on is not None
    assert going_on.id == three.id
    with pytest.raises(InvalidTransition):
        merging.merge(one.id, into=three.id, actor=SYSTEM)
    service.resolve(three.id, actor=SYSTEM)
    assert merging.goes_on(queries.get(one.id)) is None


def test_reopening_a_duplicate_takes_it_apart_again():
    one, two = opened(), opened()
    merging.merge(one.id, into=two.id, actor=SYSTEM)
    service.reopen(one.id, actor=SYSTEM)
    assert (queries.get(one.id).state, queries.get(one.id).merged_into_id) == (State.OPEN, None)
    assert merging.duplicates(two.id) == []


def test_a_view_of_the_same_name_is_replaced(alice):
    saved_views.keep(alice.id, name="Shop", query="service=shop")
    saved_views.keep(alice.id, name=" Shop ", query="state=all&service=shop&evil=1")
    assert [(view.name, view.query) for view in saved_views.of(alice.id)] == [
        ("Shop", "state=all&service=shop")
    ]
    view_id = saved_views.of(alice.id)[0].id
    saved_views.forget(alice.id + 1, view_id)
    assert len(saved_views.of(alice.id)) == 1
    saved_views.forget(alice.id, view_id)
    assert saved_views.of(alice.id) == []


def test_follow_ups_are_kept_in_order(alice):
    incident = opened()
    for text in ("First", "Second"):
        review_service.add_follow_up(
            incident.id, text=text, owner_id=alice.id, due_on=NOON.date(), actor=SYSTEM
        )
    first = reviews.follow_ups(incident.id)[0]
    review_service.settle(incident.id, first.id, is_done=True, actor=SYSTEM)
    assert [(item.text, item.done_at is not None) for item in reviews.follow_ups(incident.id)] == [
        ("First", True),
        ("Second", False),
    ]


def test_a_number_that_no_database_has_is_none():
    assert queries.find(MAX_ID + 1) is None
    assert db.session.is_active
