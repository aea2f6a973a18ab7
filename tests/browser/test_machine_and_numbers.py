"""The automation's pages, maintenance, numbers, and what is written afterwards, in a real browser."""

import csv
import io
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import expect

from app.clock import now
from tests.app.pages import stories
from tests.app.pages.alerts import TASKS, Alert
from tests.browser.conftest import BOTH
from tests.browser.test_flows import WITHOUT_SCRIPT


def test_the_automation_is_paused_with_a_reason_and_resumed(log_in, site):
    site.tell(stories.heartbeat)
    page = log_in(path="/automation", **WITHOUT_SCRIPT)
    page.get_by_text("Pause the automation").click()
    page.get_by_label("Why").fill("Moving the cluster")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Alice paused it just now: Moving the cluster")).to_be_visible()
    page.get_by_role("button", name="Resume the automation").click()
    expect(page.get_by_text("Pause the automation")).to_be_visible()


@BOTH
def test_a_run_that_waits_for_a_person_is_read_and_approved(log_in, site):
    incident_id = site.tell(stories.asking, site.settings, site.now)
    page = log_in(path=f"/incidents/{incident_id}", **WITHOUT_SCRIPT)
    question = page.get_by_role("region", name="Waiting for your answer")
    question.get_by_text("What it would change").click()
    expect(question.get_by_text("replicas: 2 -> 3")).to_be_visible()
    question.get_by_label("Reason").fill("The load is real")
    question.get_by_role("button", name="Approve the run").click()
    expect(page.get_by_text("Alice approved scale_oims.yml on Deployment shop/api")).to_be_visible()


def test_a_question_appears_while_one_looks(log_in, site):
    page = log_in(path="/automation")
    site.tell(stories.asking, site.settings, site.now)
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    page.get_by_role("button", name="Reject it").click()
    expect(page.get_by_role("button", name="Reject it")).to_have_count(0)


def test_the_results_of_a_run_come_in_while_one_looks(log_in, site):
    with site.app.app_context():
        alert = Alert(site.settings, "QueueStuck", now() - timedelta(seconds=30))
        incident_id = alert.fires().id
        alert.decided("run", "Remedy “queue”, attempt 1 of 2.")
        alert.ran("running", tasks=TASKS[:1])
    page = log_in(path=f"/incidents/{incident_id}")
    page.get_by_text("Tasks and output of").click()
    expect(page.get_by_role("row").filter(has_text="Restart the rollout")).to_have_count(0)
    with site.app.app_context():
        alert.finished("succeeded", 19, verification="pending")
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_role("row").filter(has_text="Restart the rollout")).to_be_visible()


def test_a_remedy_leads_to_its_runs_and_a_run_to_how_one_repeats_it(log_in, site):
    site.tell(stories.everything_but_people, site.settings)
    page = log_in(path="/automation", **WITHOUT_SCRIPT)
    page.get_by_role("link", name="shop-errors").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop-errors")
    page.locator("main a[href^='/runs/']").first.click()
    expect(page.get_by_label("Command", exact=True)).to_contain_text("ansible-playbook")


@BOTH
def test_maintenance_is_planned_seen_and_ended(log_in, site):
    page = log_in(path="/maintenance", **WITHOUT_SCRIPT)
    page.get_by_label("Why").fill("Moving the database")
    page.get_by_label("Which alerts").fill("service=shop")
    page.get_by_label("From", exact=True).fill(f"{site.now - timedelta(minutes=5):%Y-%m-%dT%H:%M}")
    page.get_by_label("To", exact=True).fill(f"{site.now + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 held now until ")
    expect(page.get_by_role("table", name="Calendar, in UTC")).to_contain_text("Moving the database")
    page.locator("summary", has_text="End now").click()
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No maintenance now")
    expect(page.get_by_role("table", name="Past, newest first")).to_contain_text("by Alice")


@BOTH
def test_numbers_are_read_narrowed_and_taken_away_as_csv(log_in, site, alice):
    site.tell(stories.healed, site.settings, site.now - timedelta(days=20))
    site.tell(stories.taken, alice, alice, site.now - timedelta(hours=2))
    page = log_in(path="/numbers")
    expect(page.locator("dl.figures")).to_contain_text("Incidents opened")
    page.get_by_role("link", name="Last 30 days").click()
    page.get_by_text("The same as tables").click()
    table = page.get_by_role("table", name="Times by severity")
    shown = [row.inner_text().split("\t")[:3] for row in table.locator("tbody tr").all()]
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of times by severity").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text())))
    assert [row[:3] for row in rows[1:]] == shown
    assert len(shown) == 2


def test_a_review_is_written_done_and_taken_away(log_in, site, alice):
    incident_id = site.tell(stories.reported, alice, site.now)
    page = log_in(path=f"/incidents/{incident_id}/review", **WITHOUT_SCRIPT)
    page.get_by_label("What happened").fill("The pool was **too small**.")
    page.get_by_label("Why").fill("Nobody watched it.")
    page.get_by_role("button", name="Save the review").click()
    page.get_by_label("What is to be done").fill("Watch the pool")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="Watch the pool")).to_contain_text("Not done")
    page.get_by_role("link", name="Page to print").click()
    expect(page.locator("strong", has_text="too small")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).to_have_count(0)
    assert page.pdf().startswith(b"%PDF")
    text = page.request.get(f"/incidents/{incident_id}/report.md").text()
    assert "- [x] Watch the pool" in text


def test_a_duplicate_is_merged_and_another_linked(log_in, site, alice):
    first, second, third = (
        site.tell(stories.reported, alice, site.now, title) for title in ("One", "Two", "Three")
    )
    page = log_in(path=f"/incidents/{first}", **WITHOUT_SCRIPT)
    page.locator("summary", has_text="Service and labels").click()
    page.get_by_label("Number of the other incident").fill(str(third))
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text(f"linked it to incident {third}: Three")).to_be_visible()
    page.goto(f"/incidents/{second}")
    page.locator("summary", has_text="Service and labels").click()
    page.get_by_label("Number of the incident that goes on").fill(str(first))
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text(f"merged it into incident {first}")).to_be_visible()
