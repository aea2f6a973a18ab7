"""Many incidents at once, views and reviews in a real browser, also without JavaScript."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.app.pages import stories
from tests.browser.conftest import BOTH, PHONE


@pytest.fixture
def morning(site, alice):
    site.tell(stories.healed, site.settings, site.now - timedelta(hours=1))
    site.tell(stories.reported, alice, site.now)
    site.tell(stories.taken, alice, site.person("Bob"), site.now)


def test_ticks_stay_when_the_list_is_fetched_again(log_in, site, alice, morning):
    page = log_in()
    page.get_by_label("Select incident 2").check()
    site.tell(stories.reported, alice, site.now, "Another one")
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    page.get_by_role("link", name="Another one").wait_for()
    assert page.get_by_label("Select incident 2").is_checked()
    page.get_by_label("Select incident 4").check()
    page.get_by_text("Bulk actions").click()
    page.get_by_role("button", name="Apply to selected").click()
    page.get_by_text("2 incidents acknowledged.").wait_for()


@BOTH
def test_bulk_changes_views_and_reviews_need_no_javascript(log_in, morning):
    page = log_in(java_script_enabled=False)
    page.get_by_label("Select incident 2").check()
    page.get_by_text("Bulk actions").click()
    page.get_by_role("button", name="Apply to selected").click()
    expect(page.get_by_text("1 incident acknowledged.")).to_be_visible()
    page.get_by_text("Search and filter").click()
    page.get_by_label("Name of this view").fill("Everything")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_role("navigation", name="Saved views").get_by_text("Everything")).to_be_visible()
    page.goto("/incidents/2/review")
    page.get_by_label("What is to be done").fill("Watch the disk")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Watch the disk").first).to_be_visible()


def test_on_a_phone_the_list_is_in_sight_and_a_tick_brings_what_can_be_done(log_in, morning):
    page = log_in(viewport=PHONE, java_script_enabled=False)
    expect(page.locator("[data-row]").first).to_be_in_viewport(ratio=1)
    several = page.get_by_text("Bulk actions")
    expect(several).to_be_hidden()
    page.get_by_label("Select incident 2").check()
    expect(several).to_be_in_viewport(ratio=1)
    several.click()
    page.get_by_role("button", name="Apply to selected").click()
    expect(page.get_by_text("1 incident acknowledged.")).to_be_visible()
