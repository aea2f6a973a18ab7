"""axe-core finds nothing on any page, in both themes, wide and on a phone, where nothing scrolls sideways.

The pages are those of the URL map: a new one is looked at, or this test says what it needs to know of it.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from app.accounts import invitations, resets, tokens
from app.extensions import db
from app.incidents import merging
from app.maintenance import service as maintenance
from app.notify import incident_mails
from app.records.accounts import Role, Scope
from app.records.actors import SYSTEM
from app.records.automation import Run
from app.records.outbox import MailKind, OutboxMessage
from app.reviews import service as reviews
from tests.app.doors import PUBLIC
from tests.app.pages import stories
from tests.app.pages.endpoints import pages_of
from tests.browser.conftest import PHONE, WIDE
from tools import pictured_channels, pictured_escalations, pictured_heartbeats, pictured_oncall

AXE = (Path(__file__).parent / "vendor/axe-core/axe.min.js").read_text()
BY_LOOK = ["color-contrast", "target-size", "scrollable-region-focusable", "aria-hidden-focus"]
"""Rules whose answer depends on theme and width; what a page is made of is the same in all of them."""

MORE = (
    "/?state=all&severity=critical",
    "/?q=zebra",
    "/incidents/2",
    "/incidents/2/report",
    "/incidents/6",
    "/incidents/7",
    "/numbers?period=90d",
    "/admin/mails?state=dead",
    "/nothing",
)


def violations(page, *rules: str) -> list[str]:
    # Through the debugger, not a script tag: the page's own policy stays in force.
    page.evaluate(AXE)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        f"{item['id']}: {node['html'][:160]} {node['failureSummary']}"
        for item in found
        for node in item["nodes"]
    ]


def goes_sideways(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def problems(page, path: str) -> list[str]:
    """Look at a page with everything unfolded: wide and light, then on a dark phone."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size(WIDE)
    page.goto(path)
    page.evaluate("for (const fold of document.querySelectorAll('main details.fold')) fold.open = true")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    found += violations(page, *BY_LOOK)
    return found + (["it scrolls sideways on a phone"] if goes_sideways(page) else [])


@pytest.fixture
def a_busy_morning(site, root, alice):
    """Something of everything on every page; the values that addresses need."""
    bob = site.person("Bob")
    site.tell(stories.everything_but_people, site.settings)
    site.tell(stories.taken, alice, bob, site.now)
    asked = site.tell(stories.asking, site.settings, site.now)
    duplicate = site.tell(stories.reported, alice, site.now)
    site.tell(merging.merge, duplicate, into=6, actor=SYSTEM)
    site.tell(merging.link, 1, other_id=asked, actor=SYSTEM)
    site.tell(reviews.write, 1, summary="The pool was **too small**.", cause="Traffic", actor=SYSTEM)
    site.tell(reviews.add_follow_up, 1, text="Enlarge it", owner_id=bob.id, due_on=None, actor=SYSTEM)
    for comment, weeks in (("Moving the database of the shop", 0), ("Backups", 9)):
        site.tell(
            maintenance.plan,
            comment=comment,
            matchers='service="shop"\nseverity!=critical',
            starts_at=site.now - timedelta(hours=1),
            ends_at=site.now + timedelta(hours=1),
            until=site.now + timedelta(weeks=weeks) if weeks else None,
            actor=SYSTEM,
        )
    with site.app.test_request_context():
        watched = pictured_heartbeats.watch()
        listening = pictured_channels.listen()
        pictured_channels.reach(root.id)
        schedule, team = pictured_oncall.plan()
        chain, route, page_link = pictured_escalations.make(root.id)
        tokens.create(name="grafana", scopes=[Scope.READ], by=SYSTEM, user_id=root.id)
        invited = invitations.invite(email="carol@example.org", role=Role.VIEWER, by=SYSTEM).link
        resets.ask(email=bob.email, address="192.0.2.1")
        mail = db.session.query(OutboxMessage).filter_by(recipient=bob.email).one()
        reset = next(word for word in mail.text.split() if "/password/reset/" in word)
        leave = incident_mails.unsubscribe_url(bob.id, MailKind.DIGEST)
        run_id = db.session.query(Run.id).filter_by(incident_id=1).scalar()
    return {
        "incident_id": 1,
        "heartbeat_id": watched,
        "webhook_id": listening,
        "schedule_id": schedule,
        "team_id": team,
        "chain_id": chain,
        "route_id": route,
        "answers.answer": page_link.rpartition("/")[2],
        "key": 1,
        "user_id": bob.id,
        "run_id": run_id,
        "name": "shop-errors",
        "links.invitation": invited.rpartition("/")[2],
        "links.reset": reset.rpartition("/")[2],
        "subscriptions.unsubscribe": leave.rpartition("/")[2],
    }


def addresses(app, values):
    """Yield endpoint and address of each page."""
    for rule in pages_of(app):
        given = {name: values.get(name) or values[rule.endpoint] for name in rule.arguments}
        yield rule.endpoint, rule.map.bind("x").build(rule.endpoint, given, method="GET")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_everybody_can_use_every_page(log_in, open_page, site, root, a_busy_morning):
    visitor, page = open_page(), log_in(root)
    found = {}
    for endpoint, path in addresses(site.app, a_busy_morning):
        found[path] = problems(visitor if endpoint in PUBLIC else page, path)
    found |= {path: problems(page, path) for path in MORE}
    assert len(found) > 30
    assert [f"{path}: {one}" for path, wrong in found.items() for one in wrong] == []


def test_everybody_can_use_the_pages_of_an_empty_installation(log_in, root):
    page = log_in(root)
    paths = (
        "/",
        "/automation",
        "/numbers",
        "/maintenance",
        "/heartbeats",
        "/escalation",
        "/oncall",
        "/oncall/teams",
        "/admin/first-steps",
        "/admin/mails",
        "/admin/webhooks",
    )
    assert {path: wrong for path in paths if (wrong := problems(page, path))} == {}


def test_everybody_can_use_what_opens_on_the_incident_page(log_in, site, a_busy_morning):
    page = log_in(path="/incidents/2", color_scheme="dark")
    page.keyboard.press("r")
    assert violations(page) == [], "sheet"
    page.get_by_role("button", name="Resolve the incident").click()
    assert violations(page) == [], "refused form"
    page.keyboard.press("?")
    assert violations(page) == [], "help"
