"""Working with many incidents and with those that belong together: filters, views, bulk, duplicates."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.incidents import merging, queries, saved_views, service
from app.records.actors import Actor
from app.records.incidents import SavedView
from app.records.lifecycle import State
from app.severities import Severity
from app.web.incidents import index
from tests.app.pages import stories
from tests.app.pages.client import text

HOSTILE = "<script>alert(1)</script> {{ 7*7 }}"


@pytest.fixture
def opened(tell, alice):
    def opened(title="Broken", **given) -> int:
        return tell(
            service.create,
            title=title,
            severity=Severity.HIGH,
            actor=Actor(alice.actor.kind, "Alice"),
            **given,
        )

    return opened


def titles(page) -> list[str]:
    return [text(link) for link in page.all("a") if link.get("data-row") is not None]


def state_of(app, incident_id):
    with app.app_context():
        return queries.get(incident_id).state


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("service=shop", ["One"]),
        ("label=team=a", ["One"]),
        ("label=team=b", ["Two"]),
        ("label=team=", []),
        ("label=te'am=a", ["Two", "One"]),
        ("since=2020-01-01", ["Two", "One"]),
        ("until=2020-01-01", []),
        ("since=nonsense&until=9999-12-31", ["Two", "One"]),
        ("q=two", ["Two"]),
        ("service=%00", []),
    ],
)
def test_the_list_is_narrowed_by_its_address(browser, opened, query, expected):
    opened("One", service="shop", labels={"team": "a"})
    opened("Two", service="search", labels={"team": "b"})
    assert titles(browser.get(f"/?state=all&{query}")) == expected


def test_it_says_when_not_all_are_shown(browser, opened, monkeypatch):
    monkeypatch.setattr(index, "MOST_RANKED", 2)
    for number in range(3):
        opened(f"Incident {number}")
    page = browser.get("/")
    assert len(titles(page)) == 2
    assert "The 2 worst are shown; 1 more fit." in page.words


def test_a_view_is_saved_used_and_removed(browser, opened, app):
    opened("One", service="shop")
    page = browser.submit_and_follow("/?state=all&service=shop&after=1&nonsense=1", "/views", name=HOSTILE)
    assert f"Remove {HOSTILE}" in page.words
    with app.app_context():
        view = db.session.query(SavedView).one()
        assert view.query == "state=all&service=shop"
    page = browser.submit_and_follow("/", f"/views/{view.id}/remove")
    assert HOSTILE not in page.words


def test_views_are_ones_own(browser, log_in, bob, app):
    browser.submit("/?state=all", "/views", name="Mine")
    other = log_in(bob)
    assert "Mine" not in [text(link) for link in other.get("/").all("a") if "state=all" in link.get("href")]
    with app.app_context():
        view_id = db.session.query(SavedView).one().id
        saved_views.forget(bob.id, view_id)
        assert db.session.query(SavedView).count() == 1


def test_who_may_only_look_saves_views_too_but_picks_nothing(log_in, vera, opened):
    opened()
    browser = log_in(vera)
    page = browser.submit_and_follow("/?state=all", "/views", name="All of them")
    assert "All of them" in page.words
    assert not [box for box in page.all("input") if box.get("name") == "incident"]


def ticked(browser, ids, **values):
    return browser.submit("/", "/incidents/bulk", incident=ids, **values)


def test_several_are_acknowledged_at_once(browser, opened, app):
    first, second = opened(), opened()
    page = browser.get(ticked(browser, [first, second], do="acknowledge").location)
    assert "2 incidents acknowledged." in page.words
    assert {state_of(app, first), state_of(app, second)} == {State.ACKNOWLEDGED}


def test_several_are_assigned_at_once(browser, bob, opened, app):
    first, second = opened(), opened()
    ticked(browser, [first, second], do="assign", owner=str(bob.id))
    with app.app_context():
        assert {queries.get(number).owner_id for number in (first, second)} == {bob.id}


def test_what_can_not_be_resolved_is_told_and_stops_no_other(browser, tell, settings, at, opened, app):
    fires, calm = tell(stories.unnamed, settings, at), opened()
    page = browser.get(ticked(browser, [fires, calm, 999], do="resolve").location)
    assert "1 incident resolved." in page.words
    assert f"Not resolved: {fires}: The alert of this incident still fires." in page.words
    assert "Not resolved: 999: There is no incident 999." in page.words
    assert (state_of(app, fires), state_of(app, calm)) == (State.OPEN, State.RESOLVED)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"incident": []}, "Tick the incidents first."),
        ({"incident": ["x", "-1", "9" * 99]}, "Tick the incidents first."),
        ({"incident": ["1"], "do": "explode"}, "Not a valid choice."),
        ({"incident": ["1"], "do": "assign", "owner": "999"}, "Not a valid choice."),
    ],
)
def test_a_bulk_change_that_makes_no_sense_changes_nothing(browser, opened, app, given, message):
    number = opened()
    answer = browser.submit("/", "/incidents/bulk", **given)
    assert message in browser.get(answer.location).words
    assert state_of(app, number) is State.OPEN


def test_a_bulk_change_never_leads_away_from_here(browser, opened):
    answer = ticked(browser, [opened()], do="acknowledge", next="https://evil.example.org/")
    assert answer.location == "/"


def test_a_duplicate_is_merged_and_both_say_so(browser, opened, app):
    duplicate, other = opened("Duplicate"), opened("Original")
    path = f"/incidents/{duplicate}"
    page = browser.submit_and_follow(path, f"{path}/merge", into=str(other))
    assert f"Merged into incident {other}, which goes on for it." in page.words
    assert state_of(app, duplicate) is State.RESOLVED
    words = browser.get(f"/incidents/{other}").words
    assert f"Merged into this one {duplicate} Duplicate, resolved" in words
    page = browser.submit_and_follow(path, f"{path}/reopen")
    assert "Merged into incident" not in page.words


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("", "Enter a number."),
        ("x", "Not a valid integer value."),
        ("999", "There is no incident 999."),
        ("-1", "There is no incident -1."),
        (str(10**15), "There is no incident 1000000000000000."),
    ],
)
@pytest.mark.parametrize(("action", "field"), [("merge", "into"), ("link", "other")])
def test_only_an_incident_that_exists_can_be_named(browser, opened, number, message, action, field):
    path = f"/incidents/{opened()}"
    answer = browser.submit(path, f"{path}/{action}", **{field: number})
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_a_new_firing_of_a_duplicate_is_told_to_the_other_and_reopens_nothing(
    browser, app, settings, at, opened, alice
):
    other = opened("Original")
    with app.app_context():
        alert = stories.Alert(settings, "Twice", at - timedelta(minutes=5))
        duplicate = alert.fires().id
        merging.merge(duplicate, into=other, actor=alice.actor)
        alert.ends(60)
        again = stories.Alert(settings, "Twice", at)
        again.fires()
        assert again.incident.id == duplicate
        assert queries.get(duplicate).state is State.RESOLVED
        assert "fired again" in queries.timeline(other)[-1].summary
    answer = browser.submit(f"/incidents/{other}", f"/incidents/{other}/resolve")
    assert answer.status_code == 422  # the alert of its duplicate fires, so a reason is needed


def test_incidents_are_linked_and_unlinked(browser, opened):
    one, two = opened("One"), opened(HOSTILE)
    path = f"/incidents/{one}"
    page = browser.submit_and_follow(path, f"{path}/link", other=str(two))
    assert f"Linked {two} {HOSTILE}, open" in page.words
    assert f"Linked {one} One, open" in browser.get(f"/incidents/{two}").words
    page = browser.submit_and_follow(path, f"{path}/unlink/{two}")
    assert "took the link" in page.words
    assert f"Linked {two}" not in page.words


def test_service_and_labels_are_changed_by_people(browser, opened):
    path = f"/incidents/{opened()}"
    page = browser.submit_and_follow(path, f"{path}/details", service="shop", tags="team=a\nnote=<b>x</b>")
    for expected in ("the service is shop", "team=a", "note=<b>x</b>", "changed the details"):
        assert expected in page.words
    assert "x" not in [text(element) for element in page.all("b")]
    assert titles(browser.get("/?label=team=a")) == ["Broken"]


def test_details_of_an_incident_that_has_changed_are_not_overwritten(browser, opened):
    path = f"/incidents/{opened()}"
    answer = browser.submit(path, f"{path}/details", service="shop", version="7")
    assert answer.status_code == 409
    assert browser.read(answer).h1 == "Not saved: this incident has changed"


def test_related_incidents_are_shown_with_what_they_have_in_common(browser, tell, settings, at, opened):
    first = tell(stories.healed, settings, at - timedelta(hours=2))
    second = tell(stories.healed, settings, at - timedelta(minutes=10))
    near = opened("Nearby", service="shop")
    words = browser.get(f"/incidents/{second}").words
    assert f"{near} same service and hour" in words
    assert f"{first} same alert" in words


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** and `code`", "bold and code"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("![x](http://evil.example.org/x.png)", "!x"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](//evil.example.org)", "[x](//evil.example.org)"),
        ("[x](data:text/html,hi)", "[x](data:text/html,hi)"),
        ("# no heading", "# no heading"),
        ("{{ 7*7 }}", "{{ 7*7 }}"),
    ],
)
def test_comments_are_markdown_that_can_do_no_harm(browser, opened, written, shown):
    path = f"/incidents/{opened()}"
    page = browser.submit_and_follow(path, f"{path}/comment", body=written)
    said = next(element for element in page.all("div") if element.get("class") == "said rich")
    assert text(said) == shown
    assert not page.all("img")


def test_a_link_in_a_comment_tells_the_other_side_nothing(browser, opened):
    path = f"/incidents/{opened()}"
    page = browser.submit_and_follow(path, f"{path}/comment", body="[runbook](https://example.org/a?b=1&c=2)")
    link = next(link for link in page.all("a") if link.get("href") == "https://example.org/a?b=1&c=2")
    assert link.get("rel") == "noopener noreferrer nofollow"


def test_times_are_shown_in_the_readers_zone(browser, tell, settings, at):
    incident_id = tell(stories.healed, settings, at.replace(month=1, day=15, hour=14, minute=2, second=7))
    assert "14:02:07" in browser.get(f"/incidents/{incident_id}").words
    browser.submit_and_follow("/profile", timezone="America/New_York")
    words = browser.get(f"/incidents/{incident_id}").words
    assert "times in America/New_York" in words
    assert "09:02:07" in words
    assert "EST" in words


def test_a_zone_that_is_none_is_refused(browser):
    answer = browser.submit("/profile", timezone="../../etc/passwd")
    assert answer.status_code == 422
