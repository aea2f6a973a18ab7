"""What people do with the app, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from app.incidents import service
from tests.app.pages import stories
from tests.browser.conftest import BOTH, PHONE
from tests.browser.test_accessibility import goes_sideways

WITHOUT_SCRIPT = {"java_script_enabled": False}


@BOTH
def test_people_register_log_out_and_log_in(open_page, site):
    page = open_page(**WITHOUT_SCRIPT)
    page.goto("/")
    page.get_by_role("link", name="Register").click()
    page.get_by_label("E-mail address").fill("carol@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("A mail to carol@example.org is on its way.")).to_be_visible()
    page.goto(site.mailed_link("carol@example.org"))
    page.get_by_label("Name").fill("Carol")
    page.get_by_label("Password").fill(stories.PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is on fire")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.get_by_label("E-mail address").fill("carol@example.org")
    page.get_by_label("Password").fill(stories.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Carol")).to_be_visible()


@pytest.mark.parametrize(
    ("options", "database"),
    [
        ({}, "postgresql"),
        (WITHOUT_SCRIPT, "sqlite"),
        ({"viewport": PHONE}, "sqlite"),
    ],
    ids=["script", "no script", "phone"],
)
@pytest.mark.compatible("C11")
def test_an_incident_goes_its_whole_way(log_in, site, options):
    site.person("Bob")
    page = log_in(**options)
    page.get_by_role("link", name="New incident").click()
    page.get_by_label("Title").fill("Checkout fails")
    page.get_by_label("Severity").select_option("critical")
    page.get_by_role("button", name="Open the incident").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout fails")
    actions = page.get_by_role("region", name="Actions")
    actions.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Alice has it")).to_be_visible()
    actions.locator("summary", has_text="Assign").click()
    actions.get_by_label("Owner").select_option(label="Bob")
    actions.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Bob has it")).to_be_visible()
    actions.locator("summary", has_text="Comment").click()
    actions.get_by_label("Comment").fill("Looking at it")
    actions.get_by_role("button", name="Add the comment").click()
    expect(page.get_by_text("Looking at it")).to_be_visible()
    actions.locator("summary", has_text="Resolve").click()
    actions.get_by_label("What ended it").fill("Pool enlarged")
    actions.get_by_role("button", name="Resolve the incident").click()
    expect(page.get_by_text("Resolved by Alice: Pool enlarged")).to_be_visible()
    actions.locator("summary", has_text="Reopen").click()
    actions.get_by_role("button", name="Reopen the incident").click()
    expect(page.get_by_text("Reopened by Alice")).to_be_visible()
    expect(page).to_have_title(re.compile("^Checkout fails · Open"))


def test_every_action_of_an_incident_has_a_key(log_in, site, alice):
    incident_id = site.tell(stories.reported, alice, site.now)
    page = log_in(path=f"/incidents/{incident_id}")
    for key, label in (
        ("a", "Owner"),
        ("c", "Comment"),
        ("r", "What ended it"),
        ("e", "Why more people are needed"),
        ("s", "Severity"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("region", name="Actions").get_by_label(label)).to_be_focused()
        page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.get_by_text("Acknowledged by Alice")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("c")
    page.keyboard.type("kor?")
    expect(page.get_by_label("Comment")).to_have_value("kor?")


def test_keys_walk_the_list_open_help_and_can_be_switched_off(log_in, site, alice):
    site.tell(stories.reported, alice, site.now, "First")
    site.tell(stories.reported, alice, site.now, "Second")
    page = log_in()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="First")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("New incident")
    page.get_by_label("Single-key shortcuts are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("n")
    expect(page).to_have_url(f"{site.url}/")
    page.reload()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Single-key shortcuts are on").check()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page).to_have_url(f"{site.url}/incidents/new")


def test_the_palette_leads_to_incidents_pages_and_actions_by_keyboard(log_in, site, alice):
    incident_id = site.tell(stories.reported, alice, site.now, "First")
    page = log_in()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="An incident")).to_be_focused()
    page.keyboard.type(str(incident_id))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/incidents/{incident_id}")
    page.keyboard.press("Control+k")
    page.keyboard.type("acknow")
    expect(page.get_by_role("option", name="Acknowledge", selected=True)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Acknowledged by Alice")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("button", name="Search").click()
    page.keyboard.type("main")
    page.get_by_role("option", name="Maintenance").click()
    expect(page).to_have_url(f"{site.url}/maintenance")
    page.keyboard.press("Control+k")
    page.keyboard.type("fir <b>")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/?state=all&q=fir%20%3Cb%3E")


def test_the_list_follows_what_happens_and_tells_it_to_other_tabs(log_in, site, alice):
    page = log_in()
    expect(page).to_have_title(re.compile("^Nothing is on fire"))
    site.tell(stories.reported, alice, site.now, "It burns")
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_role("link", name="It burns")).to_be_visible()
    expect(page).to_have_title(re.compile("^1 open"))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("/static/favicon-burning.svg"))


def test_the_incident_follows_what_others_do_without_taking_away_what_is_typed(log_in, site, alice):
    bob = site.person("Bob")
    incident_id = site.tell(stories.reported, alice, site.now)
    page = log_in(path=f"/incidents/{incident_id}")
    page.keyboard.press("c")
    page.keyboard.type("I was just ")
    site.tell(service.acknowledge, incident_id, actor=bob.actor)
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_text("Acknowledged by Bob")).to_be_visible()
    expect(page.get_by_label("Comment")).to_have_value("I was just ")
    expect(page.get_by_label("Comment")).to_be_focused()
    page.keyboard.press("Escape")
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_an_unfolded_run_stays_unfolded_and_focused_when_the_page_updates(log_in, site, alice):
    incident_id = site.tell(stories.ineffective, site.settings, site.now)
    page = log_in(path=f"/incidents/{incident_id}")
    page.get_by_text("Tasks and output of").click()
    expect(page.get_by_text("1 of 3 replicas ready after 60 s", exact=True)).to_be_visible()
    site.tell(service.comment, incident_id, body="Seen", actor=alice.actor)
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_text("Seen")).to_be_visible()
    expect(page.get_by_text("1 of 3 replicas ready after 60 s", exact=True)).to_be_visible()
    expect(page.locator("summary", has_text="Tasks and output of")).to_be_focused()


def test_a_hidden_tab_asks_for_nothing_and_a_visible_one_asks_at_once(log_in):
    page = log_in()
    page.evaluate(
        """() => {
            window.asked = 0;
            document.body.addEventListener("oims:refresh", () => window.asked++);
            window.shown = "hidden";
            Object.defineProperty(document, "visibilityState", { get: () => window.shown });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert page.evaluate("window.asked") == 0
    page.evaluate("window.shown = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("window.asked") == 1


def test_a_session_that_ended_leads_to_the_login_page(log_in, site, alice):
    page = log_in()
    page.context.clear_cookies()
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


@BOTH
def test_filters_work_by_links_and_by_the_form(log_in, site, alice):
    site.tell(stories.reported, alice, site.now, "By a person")
    site.tell(stories.unnamed, site.settings, site.now)
    page = log_in()
    page.keyboard.press("/")
    page.get_by_label("Words in title").fill("disk")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("link", name="By a person")).to_have_count(0)
    expect(page.get_by_role("link", name="Disk of db-1")).to_be_visible()
    page.get_by_role("link", name="Text: disk").click()
    expect(page.get_by_role("link", name="By a person")).to_be_visible()


@BOTH
def test_two_people_act_at_once_and_the_second_sees_why(log_in, site, alice):
    bob = site.person("Bob")
    incident_id = site.tell(stories.reported, alice, site.now)
    page = log_in(path=f"/incidents/{incident_id}", **WITHOUT_SCRIPT)
    site.tell(service.acknowledge, incident_id, actor=bob.actor)
    page.locator("summary", has_text="Resolve").click()
    page.get_by_label("What ended it").fill("Restarted it")
    page.get_by_role("button", name="Resolve the incident").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not saved: this incident has changed")
    expect(page.get_by_text("Acknowledged by Bob")).to_be_visible()
    page.get_by_role("button", name="Resolve anyway").click()
    expect(page.get_by_text("Resolved by Alice: Restarted it")).to_be_visible()


@pytest.mark.compatible("C11")
def test_on_a_phone_the_actions_stay_in_reach(log_in, site):
    incident_id = site.tell(stories.ineffective, site.settings, site.now)
    page = log_in(viewport=PHONE, path=f"/incidents/{incident_id}")
    box = page.get_by_role("region", name="Actions").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == PHONE["height"]
    page.locator("summary", has_text="Comment").click()
    expect(page.get_by_role("button", name="Add the comment")).to_be_in_viewport()
    assert not goes_sideways(page)


@pytest.mark.compatible("C11")
def test_the_theme_can_be_chosen_without_script(open_page):
    page = open_page(**WITHOUT_SCRIPT)
    page.goto("/login")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("body")).to_have_css("background-color", "rgb(17, 20, 24)")
