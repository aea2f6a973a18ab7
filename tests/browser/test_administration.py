"""What administrators do, and what people do with their accounts, in a real browser."""

import re

from playwright.sync_api import expect

from app.accounts import service as accounts
from app.extensions import db
from app.notify import account_mails
from app.records.accounts import Role, UserStatus
from app.records.outbox import MailState, OutboxMessage
from tests.app.pages import stories
from tests.browser.conftest import BOTH
from tests.browser.test_flows import WITHOUT_SCRIPT


@BOTH
def test_a_colleague_is_invited_and_makes_the_account(log_in, open_page, site, root):
    page = log_in(root, "/admin/people", **WITHOUT_SCRIPT)
    page.get_by_label("E-mail address").fill("carol@example.org")
    page.get_by_label("Role").select_option("responder")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_text("carol@example.org gets a mail with a link.")).to_be_visible()
    hers = open_page(**WITHOUT_SCRIPT)
    hers.goto(site.mailed_link("carol@example.org"))
    hers.get_by_label("Name").fill("Carol")
    hers.get_by_label("Password").fill(stories.PASSWORD)
    hers.get_by_role("button", name="Make the account").click()
    expect(hers.get_by_role("link", name="New incident")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Carol")).to_be_visible()


def test_an_account_is_approved_gets_a_role_and_is_switched_off_with_its_browsers(log_in, site, root, alice):
    with site.app.app_context():
        accounts.register(
            email="dan@example.org", name="Dan", password=stories.PASSWORD, status=UserStatus.PENDING
        )
    page = log_in(root, "/admin/people")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 waiting for approval")
    page.get_by_role("link", name="Dan").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The account can be used.")).to_be_visible()
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Change the role").click()
    expect(page.get_by_text("The role is viewer now.")).to_be_visible()
    hers = log_in(alice)
    page.goto(f"/admin/people/{alice.id}")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Its browsers are logged out")).to_be_visible()
    hers.reload()
    expect(hers.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_token_is_shown_once_works_and_stops_when_it_is_revoked(log_in, site, root):
    page = log_in(root, "/admin/tokens", **WITHOUT_SCRIPT)
    page.get_by_label("Name").fill("grafana")
    page.get_by_role("button", name="Make the token").click()
    secret = page.get_by_label("The new API token").inner_text()
    headers = {"Authorization": f"Bearer {secret}"}
    assert page.request.get("/api/v1/stats", headers=headers).status == 200
    page.goto("/admin/tokens")
    assert secret not in page.content()
    page.locator("summary", has_text="Revoke").click()
    page.get_by_role("button", name="Revoke grafana").click()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert page.request.get("/api/v1/stats", headers=headers).status == 401


def test_a_mail_that_could_not_be_delivered_is_seen_and_tried_again(log_in, site, root):
    with site.app.app_context():
        account_mails.test_mail("nobody@example.org")
        mail = db.session.query(OutboxMessage).one()
        mail.state, mail.last_error = MailState.DEAD, "550 no such mailbox"
        db.session.commit()
    page = log_in(root, "/admin/mails", **WITHOUT_SCRIPT)
    expect(page.get_by_role("heading", level=1)).to_have_text("1 message could not be delivered")
    expect(page.get_by_text("550 no such mailbox")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("The message to nobody@example.org is tried again.")).to_be_visible()
    page.get_by_label("Send a test mail to").fill("root@example.org")
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_text("A test mail to root@example.org is in the queue.")).to_be_visible()


def test_the_audit_trail_names_who_did_what_and_the_settings_hide_secrets(log_in, site, root):
    page = log_in(root, "/admin/tokens")
    page.get_by_label("Name").fill("backup")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("link", name="Audit").click()
    row = page.get_by_role("row").filter(has_text="backup")
    expect(row).to_contain_text("Root")
    page.get_by_label("Kind").select_option(index=1)
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"\?kind=\w+"))
    page.get_by_role("link", name="Settings").click()
    key = page.get_by_role("row", name=re.compile("^OIMS_SECRET_KEY "))
    expect(key).to_contain_text("set, not shown")
    assert "x" * 32 not in page.content()


def test_first_steps_turn_green_by_really_happening(log_in, site, root):
    page = log_in(root, "/admin/first-steps")
    expect(page.get_by_role("heading", level=1)).to_have_text("First steps: 0 of 3 done")
    page.get_by_role("button", name="Send a test mail").click()
    page.goto("/admin/first-steps")
    expect(page.get_by_text("The mail to root@example.org waits to be sent.")).to_be_visible()
    site.person("Bob")
    site.tell(stories.trial_alert, site.settings, site.now)
    page.evaluate("htmx.trigger(document.body, 'oims:refresh')")
    expect(page.get_by_role("heading", level=1)).to_have_text("First steps: 2 of 3 done")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A test of the path of an alert")


@BOTH
def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(open_page, site, alice):
    page = open_page(**WITHOUT_SCRIPT)
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_role("button", name="Send the link").click()
    page.goto(site.mailed_link(alice.email))
    page.get_by_label("New password").fill("seven green kettles")
    page.get_by_role("button").filter(has_text="password").click()
    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_label("Password").fill("seven green kettles")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Alice")).to_be_visible()


def test_people_set_their_zone_and_log_out_everywhere(log_in, site, alice):
    other, page = log_in(alice), log_in(alice, "/profile")
    page.get_by_label("Name").fill("Alice Liddell")
    page.get_by_label("Time zone").select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Alice Liddell")).to_be_visible()
    incident_id = site.tell(stories.reported, alice, site.now)
    page.goto(f"/incidents/{incident_id}")
    expect(page.locator("time[title$=JST]").first).to_be_visible()
    page.goto("/profile")
    page.get_by_role("button", name="Log out everywhere").click()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    # Not by opening a page there: its live list may just be leaving for the log-in by itself.
    assert other.context.request.get("/", max_redirects=0).headers["location"] == "/login?next=/"


def test_who_may_only_look_sees_no_button_that_changes_anything(log_in, site, alice):
    vera = site.person("Vera", Role.VIEWER)
    incident_id = site.tell(stories.reported, alice, site.now)
    page = log_in(vera)
    for path in ("/", f"/incidents/{incident_id}", f"/incidents/{incident_id}/review", "/maintenance"):
        page.goto(path)
        buttons = page.locator("main").get_by_role("button").all_inner_texts()
        assert set(buttons) <= {"Filter", "Save the view", ""}, path
    assert page.goto("/admin/people").status == 403


def test_an_error_page_says_what_to_quote(log_in):
    page = log_in()
    answer = page.goto("/incidents/4711")
    assert answer.status == 404
    expect(page.get_by_text("There is no incident 4711.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(answer.headers["x-request-id"])
