"""The maintenance page: what is held now, until when; planning and ending windows."""

from datetime import UTC, datetime, timedelta

import pytest

from app.clock import now
from app.maintenance import queries, service
from app.records.actors import SYSTEM
from tests.app.pages.client import text


def minutes(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def soon():
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=1)


@pytest.fixture
def plan(tell, soon):
    def plan(**changes) -> int:
        given = {
            "comment": "Moving the database",
            "matchers": "service=shop",
            "starts_at": soon,
            "ends_at": soon + timedelta(hours=1),
            "actor": SYSTEM,
        }
        return tell(service.plan, **given | changes)

    return plan


def test_an_empty_page_teaches_what_a_window_does(browser):
    page = browser.get("/maintenance")
    assert page.h1 == "No maintenance now"
    assert "Plan a window before you work on a service" in page.words


def test_a_window_is_planned_and_listed(browser, soon):
    page = browser.submit_and_follow(
        "/maintenance",
        comment="Moving the database",
        matchers="service=shop\nseverity!=critical",
        starts_at=minutes(soon),
        ends_at=minutes(soon + timedelta(hours=2)),
    )
    for expected in (
        "Coming",
        "Moving the database",
        "service=shop",
        "severity!=critical",
        "Alice alice@example.org",
    ):
        assert expected in page.words


def test_a_weekly_window_needs_a_last_day(browser, soon):
    given = {
        "comment": "Backups",
        "matchers": "job=backup",
        "starts_at": minutes(soon),
        "ends_at": minutes(soon + timedelta(hours=1)),
        "is_weekly": "y",
    }
    answer = browser.submit("/maintenance", **given)
    assert answer.status_code == 422
    assert "A window that comes back needs a last day." in browser.read(answer).words
    page = browser.submit_and_follow(
        "/maintenance", **given, last_day=f"{soon + timedelta(days=30):%Y-%m-%d}"
    )
    assert "Backups Weekly" in page.words


def test_a_window_begins_now_and_lasts_as_long_as_chosen(browser, app):
    given = {"comment": "Restarting", "matchers": "service=shop", "from_now": "240"}
    page = browser.submit_and_follow("/maintenance", **given)
    assert page.h1.startswith("1 held now until ")
    with app.app_context():
        (window,) = queries.unended(now())
    assert window.ends_at - window.starts_at == timedelta(hours=4)


@pytest.mark.parametrize(
    "more", [{"starts_at": "2026-11-23T12:00"}, {"is_weekly": "y", "last_day": "2099-01-01"}]
)
def test_a_window_has_one_start(browser, more):
    given = {"comment": "Restarting", "matchers": "service=shop", "from_now": "240"}
    answer = browser.submit("/maintenance", **given | more)
    assert answer.status_code == 422
    assert "times" in browser.read(answer).words


def test_a_running_window_is_ended_by_hand(browser, plan, soon):
    window_id = plan(starts_at=soon - timedelta(hours=2))
    assert browser.get("/maintenance").h1.startswith("1 held now until ")
    page = browser.submit_and_follow("/maintenance", f"/maintenance/{window_id}/end")
    assert page.h1 == "No maintenance now"
    assert "by Alice" in page.words


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("comment", " ", "Say why, for those who wonder why nobody is called."),
        ("matchers", "service=~(a", "missing )"),
        ("starts_at", "yesterday", "Not a valid datetime value."),
        ("ends_at", "2020-01-01T00:00", "The end must be after the start."),
    ],
)
def test_a_wrong_window_is_refused_at_its_field(browser, soon, field, value, message):
    given = {
        "comment": "Why",
        "matchers": "a=b",
        "starts_at": minutes(soon),
        "ends_at": minutes(soon + timedelta(hours=1)),
    }
    answer = browser.submit("/maintenance", **given | {field: value})
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_hostile_words_stay_words(browser, plan):
    plan(comment='<script>alert(1)</script> {{ 7*7 }} "quoted"', matchers='service="<img src=x>"')
    page = browser.get("/maintenance")
    assert '<script>alert(1)</script> {{ 7*7 }} "quoted"' in page.words
    assert 'service="<img src=x>"' in page.words
    assert not page.all("img")


def test_who_may_only_look_sees_windows_but_no_form(log_in, vera, plan):
    window_id = plan()
    page = log_in(vera).get("/maintenance")
    assert "Moving the database" in page.words
    assert not any(f.get("action", "").startswith("/maintenance") for f in page.all("form"))
    assert log_in(vera).client.post(f"/maintenance/{window_id}/end").status_code in {400, 403}


def test_the_calendar_shows_each_day_that_a_window_touches(browser, plan, soon):
    plan(comment="Weekend move", starts_at=soon, ends_at=soon + timedelta(days=2))
    plan(comment="Backups", ends_at=soon + timedelta(minutes=30), until=soon + timedelta(days=60))
    page = browser.get("/maintenance")
    calendar = next(table for table in page.all("table") if "calendar" in (table.get("class") or ""))
    days = {cell.find("time").get("datetime"): text(cell) for cell in calendar.iter("td")}
    assert f"from {soon:%H:%M} Weekend move" in days[f"{soon:%Y-%m-%d}"]
    assert "all day Weekend move" in days[f"{soon + timedelta(days=1):%Y-%m-%d}"]
    assert "until" in days[f"{soon + timedelta(days=2):%Y-%m-%d}"]
    assert "Backups" in days[f"{soon + timedelta(days=7):%Y-%m-%d}"]
    assert len(days) == 28


def test_what_is_held_and_until_when_comes_first(browser, plan, soon):
    plan(starts_at=soon - timedelta(hours=2))
    page = browser.get("/maintenance")
    assert page.h1 == f"1 held now until {soon + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC"
