"""Tokens, mails, audit trail, settings and first steps."""

import pytest

from app.accounts import service, tokens
from app.extensions import db
from app.incidents import service as incidents
from app.notify import outbox
from app.records.accounts import Role, Scope
from app.records.actors import SYSTEM
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity
from tests.app.pages import stories
from tests.app.pages.client import PageClient, text

HOSTILE = "<script>alert(1)</script>{{ 7*7 }} \"' --"
ADMIN_PAGES = ("people", "tokens", "mails", "audit", "settings", "first-steps")


def test_a_token_is_shown_once_works_and_can_be_revoked(app, admin):
    made = admin.submit("/admin/tokens", name="grafana", scope="read", days="30")
    assert made.status_code == 201
    secret = next(text(pre) for pre in admin.read(made).all("pre"))
    headers = {"Authorization": f"Bearer {secret}"}
    stranger = app.test_client()
    assert stranger.get("/api/v1/incidents", headers=headers).status_code == 200
    again = admin.get("/admin/tokens")
    assert secret not in again.html
    assert "grafana" in again.words
    assert "just now" in again.words
    admin.submit_and_follow("/admin/tokens", "/admin/tokens/1/revoke")
    assert stranger.get("/api/v1/incidents", headers=headers).status_code == 401


def test_a_persons_own_token_can_never_do_more_than_the_person(app, browser, alice, root):
    refused = browser.submit("/profile/tokens", name="laptop", scope="admin", days="30")
    assert refused.status_code == 422
    browser.submit("/profile/tokens", name="laptop", scope="write", days="30")
    with app.app_context():
        token = tokens.of(alice.id)[0]
        assert tokens.allows(token, Scope.WRITE)
        service.change_role(alice.id, role=Role.VIEWER, by=SYSTEM)
        assert not tokens.allows(tokens.get(token.id), Scope.WRITE)


def test_nobody_revokes_the_token_of_somebody_else(app, browser, bob, log_in, alice):
    browser.submit("/profile/tokens", name="laptop", scope="read", days="30")
    answer = log_in(bob)
    page = answer.get("/profile/tokens").form("/logout")
    assert answer.client.post("/profile/tokens/1/revoke", data=page).status_code == 404


def test_a_dead_mail_is_retried_by_a_button(app, admin):
    with app.app_context():
        incidents.create(title="Down", severity=Severity.HIGH, actor=SYSTEM)
    admin.submit_and_follow("/admin/mails", "/admin/mails/test", recipient="ops@example.org")
    with app.app_context():
        message = outbox.claim("worker-1")
        outbox.mark_failed(message.id, "worker-1", error=f"550 {HOSTILE}", is_permanent=True)
    page = admin.get("/admin/mails?state=dead")
    assert page.h1 == "1 message could not be delivered"
    assert "550 <script>" in page.words
    assert "<script>alert" not in page.html
    admin.submit_and_follow("/admin/mails", f"/admin/mails/{message.id}/retry")
    with app.app_context():
        assert db.session.get(OutboxMessage, message.id).state is MailState.WAITING


def test_a_mail_that_carries_a_key_forgets_its_words_when_it_is_sent(app, stranger, alice):
    stranger.submit("/password/forgotten", email=alice.email)
    with app.app_context():
        message = outbox.claim("worker-1")
        assert "/password/reset/" in message.text
        outbox.mark_sent(message.id, "worker-1")
        assert db.session.get(OutboxMessage, message.id).text == ""


def test_a_test_mail_to_nowhere_is_refused_at_its_field(admin):
    answer = admin.submit("/admin/mails", "/admin/mails/test", recipient="nobody at all")
    assert answer.status_code == 422
    assert "not a mail address" in admin.read(answer).words


def test_the_audit_trail_tells_who_did_what_from_where(admin, alice, root):
    admin.submit(f"/admin/people/{alice.id}", f"/admin/people/{alice.id}/role", role="viewer")
    page = admin.get("/admin/audit?kind=role_changed")
    for expected in ("Root", "alice@example.org: role responder became viewer.", "127.0.0.1"):
        assert expected in page.words
    assert "logged in" not in page.words
    assert "logged in" in admin.get("/admin/audit").words


def test_the_settings_page_shows_no_secret(settings, make_app, root):
    secret = "s3cret-" + "x" * 40
    values = {
        "database_url": settings.database_url,
        "secret_key": secret,
        "smtp_password": secret,
        "journal_url": f"http://user:{secret}@webhook:5001",
        "journal_token": secret,
        "automation_token": secret,
        "oidc_issuer": "https://login.example.org",
        "oidc_client_id": "oims",
        "oidc_client_secret": secret,
        "oidc_role_claim": "groups",
        "oidc_roles": "sre=responder,leads=admin",
    }
    other = make_app(type(settings)(**values))
    admin = PageClient(other.test_client())
    admin.submit("/login", email=root.email, password=stories.PASSWORD)
    page = admin.get("/admin/settings")
    assert secret not in page.html
    for expected in ("OIMS_SECRET_KEY set, not shown", "http://…@webhook:5001", "sre=responder, leads=admin"):
        assert expected in page.words


def test_the_first_steps_turn_green_by_really_happening(app, admin, root):
    page = admin.get("/admin/first-steps")
    assert page.h1 == "First steps: 0 of 3 done"
    assert "curl -X POST" in page.words
    admin.submit_and_follow("/admin/first-steps", "/admin/people/invite", email="dan@example.org")
    admin.submit_and_follow("/admin/first-steps", "/admin/mails/test")
    page = admin.get("/admin/first-steps")
    assert page.h1 == "First steps: 0 of 3 done"
    assert "its mail waits to be sent" in page.words
    with app.app_context():
        while message := outbox.claim("worker-1"):
            outbox.mark_sent(message.id, "worker-1")
        stories.person("Dan")
    assert admin.get("/admin/first-steps").h1 == "First steps: 2 of 3 done"


def test_an_empty_list_leads_an_administrator_to_the_first_steps(admin):
    hrefs = [link.get("href") for link in admin.get("/").all("a")]
    assert "/admin/first-steps" in hrefs


def test_an_installation_without_accounts_says_how_to_make_the_first(stranger):
    assert "python -m app user create" in stranger.get("/login").words


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_only_administrators_see_administration(browser, admin, name):
    assert browser.get(f"/admin/{name}", 403).h1 == "Not allowed"
    assert "Admin" not in text(browser.get("/").all("header")[0])
    assert admin.get(f"/admin/{name}").h1
