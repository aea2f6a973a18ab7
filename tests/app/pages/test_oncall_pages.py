"""Pages of schedules: made by hand, taken in two clicks, seen as week, month and list."""

import re
from datetime import UTC, datetime

import pytest
import time_machine

from tests.app.pages.client import text

HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "quoted"'
MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(MONDAY, tick=True) as clock:
        yield clock


@pytest.fixture
def schedule(browser, bob):
    """Alice and Bob take turns, from now on."""
    answer = browser.submit("/oncall/new", name="Shop", zone="Europe/Berlin")
    assert answer.status_code == 303, answer.text
    path = answer.location.removesuffix("/layers/new")
    answer = browser.submit(answer.location, name="Weekly", turns=f"Alice\n{bob.email}")
    assert (answer.status_code, answer.location) == (303, path)
    return path


def drawn(page):
    """Return the lines of the week: what each says in words."""
    return [line.get("aria-label") for line in page.all(f"{SVG}svg") if line.get("role") == "img"]


def take_button(page, place=0):
    forms = [form for form in page.all("form") if (form.get("action") or "").endswith("/take")]
    return {field.get("name"): field.get("value") or "" for field in forms[place].iter("input")}


def test_a_page_without_schedules_says_what_they_are_for(browser):
    page = browser.get("/oncall")
    assert "No schedule yet" in page.words
    assert "duty" not in page.html


def test_a_schedule_says_who_is_on_call_and_who_is_next(browser, schedule):
    page = browser.get(schedule)
    assert "Alice is on call until Mon 7 Dec 08:00, then Bob" in page.words
    assert browser.get("/oncall").h1 == "Alice is on call for Shop"


def test_every_page_says_who_is_on_call(browser, log_in, bob, schedule):
    assert "You are on call until Mon 7 Dec 08:00" in text(browser.get("/numbers").all("header")[0])
    assert "On call: Alice until Mon 7 Dec 08:00" in text(log_in(bob).get("/").all("header")[0])


def test_the_head_names_who_is_on_call_and_for_what_nobody_is(browser, log_in, bob, schedule):
    browser.submit("/oncall/new", name="Platform", zone="UTC")
    his = log_in(bob)
    head = text(his.get("/").all("header")[0])
    assert "On call for Shop: Alice until Mon 7 Dec 08:00; nobody for Platform" in head
    his.submit("/oncall/teams/new", name="Platform", members="Bob")
    his.submit("/oncall/2/edit", team="1")
    assert "On call for Platform: nobody" in text(his.get("/").all("header")[0])


def test_a_shift_is_taken_in_two_clicks(browser, log_in, bob, schedule):
    his = log_in(bob)
    assert his.client.post(f"{schedule}/take", data=take_button(his.get(schedule))).status_code == 303
    page = his.get(schedule)
    assert "Bob is on call" in page.words
    assert "You are on call" in text(page.all("header")[0])
    assert any(line.startswith("Overrides: Bob") for line in drawn(page))
    page = his.submit_and_follow(schedule, "/oncall/overrides/1/end")
    assert "Alice is on call" in page.words


@pytest.mark.parametrize(
    "values",
    [
        {"starts_at": "soon"},
        {"ends_at": "2026-12-01T00:00:00"},
        {"ends_at": "2026-11-01T00:00:00Z"},
        {"instead_of": "9" * 9},
    ],
)
def test_a_shift_that_nobody_was_shown_is_not_taken(browser, schedule, values):
    data = take_button(browser.get(schedule)) | values
    assert browser.client.post(f"{schedule}/take", data=data).status_code == 422
    assert "Overrides that are not over" not in browser.get(schedule).words


def test_somebody_takes_over_by_the_form(browser, bob, schedule):
    page = browser.submit_and_follow(
        f"{schedule}/overrides/new",
        person=str(bob.id),
        starts_at="2026-12-02T10:00",
        ends_at="2026-12-02T18:00",
        reason=HOSTILE,
    )
    assert HOSTILE in page.words
    assert "<script>alert(1)" not in page.html
    assert "Bob, 2026-12-02 10:00 to 2026-12-02 18:00" in drawn(page)[0]


def test_the_week_shows_layers_and_what_comes_of_them_with_gaps(browser, schedule):
    page = browser.submit_and_follow(f"{schedule}/layers/1", restrictions="Mon-Fri 08:00-18:00", at_once="y")
    lines = drawn(page)
    assert [line.partition(":")[0] for line in lines] == ["Weekly", "On call"]
    assert "nobody, 2026-11-30 17:00 to 2026-12-01 07:00" in lines[1]
    assert "Gap ahead" in page.words
    assert "Gap Mon 30 Nov" not in browser.get("/oncall").words
    assert "17:00" in browser.get("/oncall").words


def test_the_month_shows_who_has_each_day(browser, schedule):
    page = browser.get(f"{schedule}?view=month&start=2026-12-15")
    days = {
        day.find("time").get("datetime"): text(day) for day in page.all("td") if day.find("time") is not None
    }
    assert "until 08:00 Alice" in days["2026-12-07"]
    assert "from 08:00 Bob" in days["2026-12-07"]
    assert "Bob" in days["2026-12-09"]
    assert "2026-11-30" in days
    assert "2027-01-03" in days


@pytest.mark.parametrize(
    "query", ["?start=never", "?view=year", "?view=month&start=0001-01-01", "?start=9999-12-31"]
)
def test_a_calendar_of_an_odd_day_shows_some_day(browser, schedule, query):
    browser.get(schedule + query)


def test_a_change_of_a_layer_waits_for_the_turn_that_runs(browser, schedule):
    form = browser.get(f"{schedule}/layers/1").form(f"{schedule}/layers/1")
    assert form["turns"] == "Alice\nBob"
    page = browser.submit_and_follow(f"{schedule}/layers/1", turns="Bob", every="2")
    assert "changes after the turn that runs" in page.words
    assert "Coming" in page.words
    assert "Alice is on call until Mon 7 Dec 08:00, then Bob" in page.words


def test_a_refused_layer_says_why_at_its_field(browser, schedule):
    answer = browser.submit(
        f"{schedule}/layers/new", name="Nights", turns="Nobody known", restrictions="at night"
    )
    page = browser.read(answer)
    assert answer.status_code == 422
    assert "No responder is called “Nobody known”." in page.words
    assert "Write the days as Mon" in page.words


def test_a_layer_and_a_schedule_are_removed(browser, schedule):
    page = browser.get(schedule)
    answer = browser.client.post(
        f"{schedule}/layers/1/remove", data=page.form(f"{schedule}/layers/1/remove") | {"at_once": "y"}
    )
    assert answer.status_code == 303
    assert "No layer yet" in browser.get(schedule).words
    assert browser.submit(f"{schedule}/edit", name="Store").status_code == 303
    assert browser.get(schedule).h1 == "Store"
    assert "No schedule yet" in browser.submit_and_follow(schedule, f"{schedule}/delete").words


def test_a_team_is_made_changed_and_deleted(browser, bob):
    page = browser.submit_and_follow("/oncall/teams/new", name="Shop", lead=bob.email, members="Alice")
    assert re.search(r"Shop Alice, Bob Lead", page.words)
    assert browser.get("/oncall/teams/1/edit").form("/oncall/teams/1/edit")["members"] == "Alice\nBob"
    page = browser.submit_and_follow("/oncall/teams/1/edit", lead="", members="Alice")
    assert "Lead" not in page.words
    assert "No team yet" in browser.submit_and_follow("/oncall/teams", "/oncall/teams/1/delete").words


def test_a_viewer_sees_schedules_and_no_buttons(log_in, vera, schedule):
    page = log_in(vera).get(schedule)
    assert "I take this shift" not in page.words
    assert "Add a layer" not in page.words


def test_my_shifts_are_on_my_profile(browser, schedule):
    page = browser.get("/profile")
    assert "Your shifts" in page.words
    assert "now To Mon 7 Dec 08:00 Shop" in page.words.replace("now Mon", "now To Mon")
    assert "Mon 14 Dec 08:00" in page.words
