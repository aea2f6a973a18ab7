"""Beside and above the list: facets with counts, groups, and the openings of the last day as a picture."""

from datetime import timedelta

import pytest

from app.incidents import service
from app.records.actors import SYSTEM
from app.severities import Severity
from tests.app.pages import stories
from tests.app.pages.client import text

GROUPS = {
    "service": ["shop: 2", "No service: 1"],
    "alert": ["No alert: 3"],
    "owner": ["No owner: 2", "Alice: 1"],
}
BAR = "{http://www.w3.org/2000/svg}rect"


@pytest.fixture
def burning(app, tell, alice):
    def open_one(title, severity, **given):
        return tell(service.create, title=title, severity=severity, actor=SYSTEM, **given)

    open_one("Worst", Severity.CRITICAL, service="shop")
    open_one("Taken", Severity.HIGH, service="shop", owner_id=alice.id)
    open_one("Mild", Severity.LOW)


def facets(page) -> dict[str, str]:
    found = {}
    for link in page.all("a"):
        count = [element for element in link if element.get("class") == "n"]
        if count:
            found[text(link).removesuffix(text(count[0])).strip()] = text(count[0])
    return found


def captions(page) -> list[str]:
    return [text(caption) for caption in page.all("caption") if ":" in text(caption)]


def test_facets_count_what_is_unresolved_whatever_is_shown(browser, burning):
    expected = {
        "Unresolved": "3",
        "Open": "3",
        "Acknowledged": "0",
        "Mine": "1",
        "Nobody": "2",
        "Critical": "1",
        "High": "1",
        "Low": "1",
        "shop": "2",
    }
    assert facets(browser.get("/")) == expected
    assert facets(browser.get("/?severity=low")) == expected


def test_a_facet_adds_its_filter_to_the_others_and_takes_it_away_again(browser, burning):
    page = browser.get("/?severity=high&group=owner")
    links = {text(link): link.get("href") for link in page.all("a")}
    assert links["shop 2"] == "/?severity=high&service=shop&group=owner"
    assert links["High 1"] == "/?group=owner"


@pytest.mark.parametrize("group", GROUPS)
def test_the_list_can_be_grouped(browser, burning, group):
    page = browser.get(f"/?group={group}")
    assert captions(page) == GROUPS[group]
    rows = [text(link) for link in page.all("a") if link.get("data-row") is not None]
    assert sorted(rows) == ["Mild", "Taken", "Worst"]


def test_a_group_that_is_not_known_groups_nothing_and_says_so(browser, burning):
    page = browser.get("/?group=%3Cscript%3E")
    assert captions(page) == []
    assert "The filter group=<script> is not understood" in page.words


def test_the_picture_counts_what_opened_in_the_last_day_and_what_was_repaired(
    browser, tell, settings, at, alice
):
    tell(stories.healed, settings, at - timedelta(hours=3))
    tell(stories.reported, alice, at - timedelta(hours=3))
    tell(stories.reported, alice, at - timedelta(hours=30))
    page = browser.get("/")
    (picture,) = page.all("{http://www.w3.org/2000/svg}svg")
    assert picture.get("aria-label") == "2 opened in the last 24 hours, 1 of them repaired by automation"
    assert len([bar for bar in page.all(BAR) if bar.get("class") == "repaired"]) == 1


def test_a_quiet_day_has_no_picture(browser, tell, at, alice):
    tell(stories.reported, alice, at - timedelta(hours=30))
    assert browser.get("/").all("{http://www.w3.org/2000/svg}svg") == []
