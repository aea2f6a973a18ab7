"""Pages of heartbeats: made, seen, changed, paused, given a new address and deleted by hand."""

import re

import pytest

from app.heartbeats.watch import Watch
from tests.app.pages.client import text

GIVEN = {"name": "Nightly backup", "period": "1d", "grace": "1h", "severity": "high", "service": "shop"}
HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "quoted"'


@pytest.fixture
def made(browser):
    answer = browser.submit("/heartbeats/new", **GIVEN)
    assert answer.status_code == 303, answer.text
    return answer.location


def address(page):
    return re.search(r"/ping/[0-9a-f-]{36}", page.words)[0]


def look(app):
    with app.app_context():
        Watch().look()


def test_a_list_without_any_says_what_they_are_for(browser):
    assert "No job is watched yet" in browser.get("/heartbeats").words


def test_a_heartbeat_is_made_and_shows_its_address(browser, made):
    page = browser.get(made)
    assert page.h1 == "Nightly backup"
    assert "every 1 d" in page.words
    assert address(page)
    assert "Nightly backup" in browser.get("/heartbeats").words


def test_pings_are_shown_as_bars_and_as_a_table(app, browser, stranger, made):
    path = address(browser.get(made))
    stranger.client.post(f"{path}/start")
    stranger.client.post(f"{path}/2", data=HOSTILE, headers={"User-Agent": HOSTILE})
    look(app)
    page = browser.get(made)
    bars = [bar.get("class") for bar in page.all("{http://www.w3.org/2000/svg}rect")]
    assert bars == ["critical", "off"]
    assert "exit status 2" in page.words
    assert HOSTILE in page.words
    assert browser.get("/heartbeats").h1 == "1 of 1 heartbeats is down"
    incident = next(link for link in page.all("a") if text(link) == "Incident 1")
    assert "exit status 2" in browser.get(incident.get("href")).words


def test_a_heartbeat_is_changed_paused_resumed_and_deleted(browser, made):
    page = browser.submit_and_follow(f"{made}/edit", name="Backup", period="", cron="30 2 * * *")
    assert "30 2 * * * in UTC" in page.words
    assert "Paused" in browser.submit_and_follow(made, f"{made}/pause").words
    assert "Paused" not in browser.submit_and_follow(made, f"{made}/resume").words
    old = address(browser.get(made))
    assert address(browser.submit_and_follow(made, f"{made}/renew")) != old
    assert "No job is watched yet" in browser.submit_and_follow(made, f"{made}/delete").words
    browser.get(made, 404)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Say which job it is."),
        ("period", "soon", "is not a duration"),
        ("period", "1s", "Write between 1m and 366d."),
        ("cron", "0 3 * * *", "Give either a period or a cron expression."),
        ("zone", "Mars/Olympus", "There is no time zone of this name."),
        ("grace", "0s", "Write between 1m and 366d."),
        ("severity", "loud", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(browser, field, value, message):
    answer = browser.submit("/heartbeats/new", **(GIVEN | {field: value}))
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_a_name_is_given_once(browser, made):
    answer = browser.submit("/heartbeats/new", **GIVEN)
    assert "There is a heartbeat of this name already." in browser.read(answer).words


def test_who_may_only_look_sees_no_address_and_no_buttons(log_in, vera, made):
    viewer = log_in(vera)
    page = viewer.get(made)
    assert "/ping/" not in page.html
    assert not any((form.get("action") or "").startswith("/heartbeats") for form in page.all("form"))
    viewer.get("/heartbeats/new", 403)


def test_hostile_words_stay_words(browser):
    page = browser.submit_and_follow("/heartbeats/new", **(GIVEN | {"name": HOSTILE, "service": HOSTILE}))
    assert page.h1 == HOSTILE
    assert HOSTILE in browser.get("/heartbeats").words


def test_without_the_key_it_was_made_with_an_address_is_not_shown_but_works(app, browser, stranger, made):
    path = address(browser.get(made))
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"secret_key": type(settings.secret_key)("y" * 32)})
    page = browser.get(made)
    assert "It can't be shown" in page.words
    assert stranger.client.get(path).status_code == 200
