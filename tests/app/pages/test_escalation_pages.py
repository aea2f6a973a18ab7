"""Pages of escalation: chains and routes made by hand, who would be paged, and the link in a page."""

import re

import pytest

from app.config import Settings
from app.escalations import pager
from app.extensions import db
from app.incidents import queries
from app.records.lifecycle import State
from app.records.outbox import MailKind, OutboxMessage
from tests.app.pages.client import text

HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "quoted"'


@pytest.fixture
def settings(sqlite_url):
    return Settings(
        database_url=sqlite_url, secret_key="x" * 32, base_url="http://localhost", smtp_host="127.0.0.1"
    )


@pytest.fixture
def given(alice):
    return {"name": "Shop", "is_default": "y", "whom_0": f"person:{alice.id}", "wait_0": "10m"}


@pytest.fixture
def made(browser, given):
    answer = browser.submit("/escalation/chains/new", **given)
    assert answer.status_code == 303, browser.read(answer).words
    return answer.location


@pytest.fixture
def paged(app, browser, made):
    """Return the path of the link in the page about an incident."""
    answer = browser.submit("/incidents/new", title="Checkout fails", severity="critical")
    with app.app_context():
        while pager.look():
            pass
        words = db.session.query(OutboxMessage).filter_by(kind=MailKind.PAGE).one().text
    return answer.location, re.search(r"/pages/\S+", words)[0]


def state(app):
    with app.app_context():
        return queries.get(1).state


def test_without_a_chain_the_page_says_what_one_is_for(browser):
    assert "Nobody is paged yet" in browser.get("/escalation").words


def test_a_chain_is_made_shown_changed_and_deleted(browser, made, bob):
    page = browser.get(made)
    assert page.h1 == "Shop"
    assert "Alice" in page.words
    assert "10 min" in page.words
    assert "critical 0 s, high 3 min, medium 10 min, low 30 min" in page.words
    changed = browser.submit_and_follow(f"{made}/edit", whom_1=f"person:{bob.id}", repeats="0", urgent="low")
    assert "Bob" in changed.words
    assert "nothing is repeated" in changed.words
    assert "Nobody is paged yet" in browser.submit_and_follow(made, f"{made}/delete").words


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Give it a name."),
        ("whom_0", "", "Say whom the first step pages."),
        ("wait_0", "soon", "is not a duration"),
        ("wait_0", "2d", "less than or equal to 86400"),
        ("first_high", "soon", "is not a duration"),
        ("repeats", "10", "Write a number from 0 to 9."),
        ("zone", "Mars/Olympus", "There is no time zone of this name."),
    ],
)
def test_what_is_wrong_with_a_chain_is_said(browser, given, field, value, message):
    answer = browser.submit("/escalation/chains/new", **(given | {field: value}))
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_routes_are_made_moved_changed_and_deleted(browser, made):
    for matchers in ("team=shop", "severity=low"):
        browser.submit_and_follow("/escalation", "/escalation/routes", matchers=matchers)
    page = browser.submit_and_follow("/escalation", "/escalation/routes/2/raise")
    assert page.words.index("severity=low") < page.words.index("team=shop")
    page = browser.submit_and_follow("/escalation/routes/2", matchers="severity=high")
    assert "severity=high" in page.words
    refused = browser.submit_and_follow(made, f"{made}/delete")
    assert "A route leads to this chain" in refused.words
    browser.submit_and_follow("/escalation", "/escalation/routes/2/delete")
    assert "severity=high" not in browser.get("/escalation").words


def test_a_route_that_can_not_be_read_says_where(browser, made):
    answer = browser.submit("/escalation", "/escalation/routes", matchers='team=~"("')
    assert answer.status_code == 422
    assert "no regular expression" in browser.read(answer).words


@pytest.mark.parametrize(
    "alert",
    ["service=shop\nseverity=critical", '{"alerts": [{"labels": {"service": "shop", "severity": "page"}}]}'],
)
def test_who_would_be_paged_is_answered_with_reasons(browser, made, alert):
    browser.submit_and_follow("/escalation", "/escalation/routes", matchers="service=payment")
    page = browser.read(browser.submit("/escalation/who", alert=alert, at="2026-11-25T12:00"))
    assert "Route 1 doesn't fit: service=payment does not hold." in page.words
    assert "No route fits, so the default chain “Shop” is taken." in page.words
    assert "A critical incident does not wait for automation." in page.words
    assert "2026-11-25 12:00:00 UTC step 1 Alice" in page.words
    assert "step 1, round 2" in page.words


@pytest.mark.parametrize("alert", ["{", "[1]", '{"labels": {"a": 1}}', "severity!=low", "[" * 5000])
def test_what_is_no_alert_is_refused(browser, made, alert):
    answer = browser.submit("/escalation/who", alert=alert)
    assert answer.status_code == 422


def test_the_incident_says_how_its_paging_stands(browser, paged):
    page = browser.get(paged[0])
    assert "Somebody is paged. Alice is paged at" in page.words
    assert "unless somebody acknowledges" in page.words
    assert "unless somebody acknowledges" in browser.get("/").words


def test_looking_at_the_link_in_a_page_changes_nothing(app, stranger, paged):
    for _ in range(3):
        page = stranger.get(paged[1])
    assert "Checkout fails" in page.words
    assert state(app) is State.OPEN


def test_the_link_in_a_page_acknowledges_once_without_a_log_in(app, stranger, browser, paged):
    answer = stranger.submit(paged[1])
    assert "it is acknowledged in your name" in stranger.read(answer).words
    assert state(app) is State.ACKNOWLEDGED
    assert "Acknowledged by Alice by the link in a page" in browser.get(paged[0]).words
    assert "works once, and was used already" in stranger.get(paged[1]).words


def test_a_link_that_was_used_changes_nothing(app, stranger, browser, paged):
    page = stranger.get(paged[1])
    token = page.all("input")[0].get("value")
    for status in (200, 410):
        assert stranger.client.post(paged[1], data={"csrf_token": token}).status_code == status


def test_a_link_needs_its_form(stranger, app, paged):
    assert stranger.client.post(paged[1]).status_code == 400
    assert state(app) is State.OPEN


@pytest.mark.parametrize("token", ["x", "ImEi.aaaaaa.bbbbbb", "ImEi"])
def test_a_forged_link_leads_nowhere(stranger, token):
    assert "leads nowhere" in stranger.get(f"/pages/{token}", 404).words


def test_hostile_words_stay_words(browser, given):
    answer = browser.submit("/escalation/chains/new", **(given | {"name": HOSTILE}))
    assert browser.get(answer.location).h1 == HOSTILE
    assert HOSTILE in browser.get("/escalation").words


def test_who_may_only_look_sees_no_buttons(log_in, vera, made):
    viewer = log_in(vera)
    for path in (made, "/escalation"):
        page = viewer.get(path)
        assert not any((form.get("action") or "").startswith("/escalation") for form in page.all("form"))
        assert not any(text(link) == "New chain" for link in page.all("a"))
    viewer.get("/escalation/chains/new", 403)
    viewer.get("/escalation/who")


def test_help_is_asked_for_on_the_incident(app, browser, paged, bob):
    browser.submit_and_follow(paged[0], f"{paged[0]}/help", whom=f"person:{bob.id}", reason="Please look")
    assert "Alice asked Bob for help" in browser.get(paged[0]).words
