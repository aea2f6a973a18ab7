"""axe-core finds nothing on any page, in both themes, wide and on a phone."""

from pathlib import Path

import pytest

from tests.app.pages import stories
from tests.browser.conftest import PHONE, WIDE

AXE = (Path(__file__).parent / "vendor/axe-core/axe.min.js").read_text()


def violations(page) -> list[str]:
    # Through the debugger, not a script tag: the page's own policy stays in force.
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document)")["violations"]
    return [
        f"{item['id']}: {node['html'][:160]} {node['failureSummary']}"
        for item in found
        for node in item["nodes"]
    ]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(log_in, open_page, site, alice, theme, viewport):
    site.tell(stories.everything_but_people, site.settings)
    site.tell(stories.taken, alice, site.person("Bob"), site.now)
    stranger = open_page(color_scheme=theme, viewport=viewport)
    for path in ("/login", "/register"):
        stranger.goto(path)
        assert violations(stranger) == [], path
    page = log_in(color_scheme=theme, viewport=viewport)
    for path in (
        "/",
        "/?state=all&severity=critical",
        "/?q=zebra",
        "/incidents/1",
        "/incidents/2",
        "/incidents/6",
        "/incidents/new",
        "/automation",
        "/patterns",
        "/nothing",
    ):
        page.goto(path)
        assert violations(page) == [], path
    page.goto("/automation")
    page.locator("a[href^='/runs/']").first.click()
    assert violations(page) == [], "run"
    page.goto("/incidents/2")
    page.keyboard.press("r")
    page.get_by_text("Tasks and output of").click()
    assert violations(page) == [], "unfolded"
    page.get_by_role("button", name="Resolve the incident").click()
    assert violations(page) == [], "refused form"
    page.keyboard.press("?")
    assert violations(page) == [], "help"
