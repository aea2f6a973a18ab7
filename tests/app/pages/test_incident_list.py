"""The list of incidents: the answer first, then the rows, filters in the URL, pages by key."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.database import transaction
from app.extensions import db
from app.incidents import service
from app.records import timeline
from app.records.actors import SYSTEM
from app.records.alerts import JournalCursor
from app.records.entries import MailSent
from app.records.incidents import Incident
from app.records.outbox import MailKind
from tests.app.pages import stories
from tests.app.pages.alerts import Alert
from tests.app.pages.client import text


def titles(page) -> list[str]:
    return [text(link) for link in page.all("a") if link.get("data-row") is not None]


def test_it_teaches_how_the_first_incident_comes_about(browser):
    page = browser.get("/")
    assert page.h1 == "Nothing is on fire"
    assert "Nothing has happened yet" in page.words
    assert "ask an administrator to send a test alert" in page.words


def test_it_answers_first_what_is_on_fire_and_who_has_it(browser, tell, settings, at, alice, bob):
    tell(stories.taken, alice, bob, at - timedelta(hours=1))
    tell(stories.reported, alice, at)
    tell(stories.repairing, settings, at)
    page = browser.get("/")
    assert page.h1 == "2 open, 1 acknowledged, 2 without an owner, automation is working on 1"
    assert page.title.startswith("2 open")


def test_it_puts_the_worst_and_then_the_oldest_first_and_resolved_ones_below(
    browser, tell, settings, at, alice
):
    tell(stories.reported, alice, at)
    tell(stories.reported, alice, at - timedelta(hours=2), "The oldest")
    tell(stories.healed, settings, at - timedelta(hours=1))
    tell(stories.repairing, settings, at)
    page = browser.get("/")
    assert titles(page) == [
        "The order queue is stuck",
        "The oldest",
        "Checkout answers with errors",
        "Error rate of the shop API above 5 %: shop/api",
    ]


def test_each_row_says_state_severity_owner_last_event_and_automation(browser, tell, settings, at):
    tell(stories.waiting, settings, at - timedelta(minutes=3))
    words = browser.get("/").words
    for expected in (
        "Open",
        "High",
        "The shop answers slowly",
        "Waiting: The last run on",
        "nobody",
        "Alert",
        "3 min",
    ):
        assert expected in words


def test_a_mail_that_went_out_is_not_the_last_thing_that_happened(browser, app, tell, settings, at):
    tell(stories.waiting, settings, at - timedelta(minutes=3))
    before = browser.get("/").words
    with app.app_context(), transaction():
        (incident,) = db.session.scalars(select(Incident.id))
        timeline.record(
            incident, MailSent(mail_kind=MailKind.CREATED), SYSTEM, "Mail \u201cOpen\u201d sent to Ada."
        )
    assert browser.get("/").words == before


def test_two_instances_of_one_alert_are_two_rows_and_one_line_for_both(browser, app, settings, at):
    with app.app_context():
        for instance in ("one", "two"):
            Alert(settings, "DiskFull", at, labels={"instance": instance}).fires()
        Alert(settings, "Alone", at).fires()
    page = browser.get("/")
    assert len(titles(page)) == 3
    assert "Several of one alert: 2 DiskFull" in page.words
    (together,) = [link for link in page.all("a") if text(link) == "2 DiskFull"]
    assert len(titles(browser.get(together.get("href")))) == 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Mine", "Payments fail", "Not mine"]),
        ("severity=critical", ["Payments fail"]),
        ("severity=nonsense", ["Mine", "Payments fail", "Not mine"]),
        ("owner=me", ["Mine"]),
        ("owner=nobody", ["Payments fail", "Not mine"]),
        ("source=alert", ["Payments fail"]),
        ("source=person&q=mine+not", ["Not mine"]),
        ("q=paymenterrors", ["Payments fail"]),
        ("q=%25", []),
        ("state=resolved", []),
        ("state=all", ["Mine", "Payments fail", "Not mine"]),
        ("state=nonsense", ["Mine", "Payments fail", "Not mine"]),
        ("q=%00", []),  # a mark stands for it, as it does in what it would find
    ],
)
def test_filters_stand_in_the_url(browser, tell, settings, at, alice, query, expected):
    from app.incidents import service  # noqa: PLC0415

    mine = tell(stories.reported, alice, at, "Mine")
    tell(stories.reported, alice, at, "Not mine")
    tell(stories.ineffective, settings, at)
    tell(service.assign, mine, owner_id=alice.id, actor=alice.actor)
    assert sorted(titles(browser.get(f"/?{query}"))) == sorted(expected)


def test_it_says_so_when_nothing_fits_the_filters(browser, tell, at, alice):
    tell(stories.reported, alice, at)
    assert "No incident fits" in browser.get("/?q=zebra").words


def test_it_pages_by_key_without_losing_the_filters(browser, tell, at, alice):
    for number in range(60):
        tell(stories.reported, alice, at, f"Number {number}")
    first = browser.get("/?state=all&source=person")
    following = next(link.get("href") for link in first.all("a") if link.get("rel") == "next")
    assert "source=person" in following
    second = browser.get(following)
    assert len(titles(first)) == 50
    assert len(titles(second)) == 10
    assert not set(titles(first)) & set(titles(second))


def test_it_refuses_a_cursor_that_is_not_one(browser):
    assert browser.get("/?state=all&after=x;drop", 422).h1 == "Some fields need another value"


def test_the_live_part_answers_304_until_something_happens(browser, tell, at, alice):
    page = browser.get("/")
    live = next(element for element in page.tree.iter("div") if element.get("id") == "live")
    headers = {"HX-Target": "live", "HX-Request": "true", "If-None-Match": live.get("data-etag")}
    assert browser.client.get("/", headers=headers).status_code == 304
    tell(stories.reported, alice, at)
    changed = browser.client.get("/", headers=headers)
    assert changed.status_code == 200
    assert "Checkout answers with errors" in changed.text
    assert "<html" not in changed.text
    assert "csrf" not in changed.text


def test_the_icon_tells_the_state_from_another_tab(browser, tell, at, alice):
    def icon():
        return next(link.get("href") for link in browser.get("/").all("link") if link.get("rel") == "icon")

    assert icon().startswith("/static/favicon-calm.svg?v=")
    tell(stories.reported, alice, at)
    assert icon().startswith("/static/favicon-burning.svg?v=")


@pytest.fixture
def reads_a_journal(app):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"journal_url": "http://webhook:5001"})


def read_journal_at(app, moment) -> None:
    with app.app_context():
        db.session.get_one(JournalCursor, 1).caught_up_at = moment
        db.session.commit()


def test_the_list_says_which_alerts_are_out(app, browser, settings, alice, at):
    with app.app_context():
        Alert(settings, "Burns", at, labels={"instance": "a"}).fires()
        out = Alert(settings, "IsOut", at, labels={"instance": "b"})
        service.acknowledge(out.fires().id, actor=alice.actor)
        out.ends(60)

    rows = [text(row) for row in browser.get("/").all("tr")]

    assert ["Alert ended" in row for row in rows if "IsOut" in row] == [True]
    assert ["Alert ended" in row for row in rows if "Burns" in row] == [False]


def test_the_list_does_not_say_that_alerts_arrive_after_a_delivery_was_refused(
    app, browser, at, reads_a_journal
):
    with app.app_context():
        place = db.session.get_one(JournalCursor, 1)
        place.caught_up_at, place.refused_at, place.refused_for = (
            at,
            at - timedelta(minutes=2),
            "forbidden",
        )
        db.session.commit()

    page = browser.get("/")

    assert "partly refused" in page.words
    assert "The webhook refused a delivery 2 min ago: its token was the reader's." in page.words


def test_an_empty_list_is_no_good_news_while_alerts_do_not_arrive(app, browser, at, reads_a_journal):
    read_journal_at(app, at - timedelta(minutes=10))
    page = browser.get("/")
    assert page.h1 == "Alerts are not arriving"
    assert page.title.startswith("Alerts are not arriving")
    assert "last read to its end 10 min ago. What has fired since is not in this list" in page.words
    icon = next(link for link in page.all("link") if link.get("rel") == "icon")
    assert "favicon-burning.svg" in icon.get("href")
    read_journal_at(app, at)
    page = browser.get("/")
    assert page.h1 == "Nothing is on fire"
    assert "Alerts: arriving (read just now) · Automation:" in page.words


@pytest.mark.fault("F14")
def test_an_overdue_watchdog_is_told_on_the_list_too(app, browser, at, reads_a_journal):
    with app.app_context():
        place = db.session.get_one(JournalCursor, 1)
        place.caught_up_at, place.watchdog_at = at, at - timedelta(minutes=4)
        db.session.commit()

    page = browser.get("/")

    assert page.h1 == "Alerts are not arriving"
    assert "Prometheus last sent the alert Watchdog 4 min ago." in page.words


def test_a_list_that_may_lack_something_says_so(app, browser, tell, at, alice, reads_a_journal):
    tell(stories.reported, alice, at)
    read_journal_at(app, at - timedelta(minutes=3))
    assert browser.get("/").h1 == "1 open, 1 without an owner, alerts are not arriving"


def test_where_no_journal_is_read_it_says_that_only_people_open_incidents(browser):
    assert "Alerts: off No journal is set (OIMS_JOURNAL_URL)" in browser.get("/").words
