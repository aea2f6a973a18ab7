"""Many incidents at once, maintenance and reviews in a real browser: on a phone, dark, without JavaScript."""

from datetime import timedelta

import pytest

from app.incidents.actors import SYSTEM
from app.maintenance import service as maintenance
from tests.app.pages import stories
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_accessibility import violations

PAGES = (
    "/",
    "/incidents/1",
    "/incidents/1/evidence",
    "/incidents/1/review",
    "/incidents/1/report",
    "/maintenance",
    "/profile",
)


def goes_sideways(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


@pytest.fixture
def morning(site, alice):
    site.tell(stories.healed, site.settings, site.now - timedelta(hours=1))
    site.tell(stories.reported, alice, site.now)
    site.tell(stories.taken, alice, site.person("Bob"), site.now)
    for comment, weekly in (("Moving the database of the shop", False), ("Backups", True)):
        site.tell(
            maintenance.plan,
            comment=comment,
            matchers='service="shop"\nseverity!=critical',
            starts_at=site.now - timedelta(hours=1),
            ends_at=site.now + timedelta(hours=1),
            until=site.now + timedelta(days=30) if weekly else None,
            actor=SYSTEM,
        )


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("viewport", "theme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_the_pages_of_incident_work_can_be_used_by_everybody(log_in, morning, viewport, theme):
    page = log_in(color_scheme=theme, viewport=viewport)
    for path in PAGES:
        page.goto(path)
        for fold in page.locator("main details:not([open]) > summary").all()[:6]:
            if fold.is_visible():
                fold.click()
        assert violations(page) == [], path
        assert not goes_sideways(page), path


@pytest.mark.timeout(120)
def test_ticks_stay_when_the_list_is_fetched_again(log_in, site, alice, morning):
    page = log_in()
    page.get_by_label("Pick incident 2").check()
    site.tell(stories.reported, alice, site.now, "Another one")
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    page.get_by_role("link", name="Another one").wait_for()
    assert page.get_by_label("Pick incident 2").is_checked()
    page.get_by_label("Pick incident 4").check()
    page.get_by_text("Change those that are ticked").click()
    page.get_by_role("button", name="Change them").click()
    page.get_by_text("2 incidents acknowledged.").wait_for()


@pytest.mark.timeout(120)
def test_bulk_changes_views_and_reviews_need_no_javascript(log_in, morning):
    page = log_in(java_script_enabled=False)
    page.get_by_label("Pick incident 2").check()
    page.get_by_text("Change those that are ticked").click()
    page.get_by_role("button", name="Change them").click()
    assert page.get_by_text("1 incident acknowledged.").is_visible()
    page.get_by_text("Search and filter").click()
    page.get_by_label("Name of this view").fill("Everything")
    page.get_by_role("button", name="Save the view").click()
    assert page.get_by_role("navigation", name="Saved views").get_by_text("Everything").is_visible()
    page.goto("/incidents/2/review")
    page.get_by_label("What is to be done").fill("Watch the disk")
    page.get_by_role("button", name="Add it").click()
    assert page.get_by_text("Watch the disk").first.is_visible()
