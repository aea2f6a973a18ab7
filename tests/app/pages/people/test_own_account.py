"""One's own account, and what administrators do with the accounts of others."""

import pytest

from app.accounts import service, tokens
from app.records.accounts import Role, Scope, UserStatus
from app.records.actors import SYSTEM
from app.records.outbox import MailKind
from tests.app.pages import stories
from tests.app.pages.client import PageClient, link

HOSTILE = "<script>alert(1)</script>{{ 7*7 }} \"' --"


def test_a_person_changes_the_own_name(browser):
    page = browser.submit_and_follow("/profile", name="Alice of the night")
    assert "Your profile is saved." in page.words
    assert "Alice of the night" in page.html


def test_a_password_change_needs_the_current_one_and_logs_others_out(browser, log_in, alice):
    other = log_in(alice)
    refused = browser.submit("/profile/password", current="wrong", password="quite another lamp")
    assert refused.status_code == 422
    assert "not your current password" in browser.read(refused).words
    browser.submit_and_follow("/profile/password", current=stories.PASSWORD, password="quite another lamp")
    assert browser.get("/").h1
    assert other.client.get("/").status_code == 303


def test_guessing_the_current_password_is_braked(browser):
    for _ in range(12):
        answer = browser.submit("/profile/password", current="wrong", password="quite another lamp")
    assert answer.status_code == 429


@pytest.mark.threat("T36")
def test_logging_out_everywhere_ends_every_session_on_the_server(browser, log_in, alice):
    other = log_in(alice)
    stolen = browser.client.get_cookie("oims").value
    page = browser.submit_and_follow("/profile", "/profile/sign-out-everywhere")
    assert "logged out everywhere" in page.words
    assert other.client.get("/").status_code == 303
    browser.client.set_cookie("oims", stolen)
    assert browser.client.get("/").status_code == 303


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(stranger, log_in, alice, mails):
    asked = stranger.submit("/password/forgotten", email=alice.email)
    unknown = stranger.submit("/password/forgotten", email="nobody@example.org")
    assert stranger.read(asked).words == stranger.read(unknown).words
    ((recipient, words),) = mails(MailKind.PASSWORD_RESET)
    assert recipient == alice.email
    weak = stranger.submit(link(words), password="password1")
    assert weak.status_code == 422
    page = stranger.submit_and_follow(link(words), password="quite another lamp")
    assert "Log in with the new one" in page.words
    assert "has expired" in stranger.get(link(words), 404).words
    assert stranger.submit("/login", email=alice.email, password=stories.PASSWORD).status_code == 422
    assert stranger.submit("/login", email=alice.email, password="quite another lamp").status_code == 303
    assert len(mails(MailKind.PASSWORD_CHANGED)) == 1


def test_links_for_a_new_password_are_not_sent_without_end(stranger, alice, mails):
    for _ in range(5):
        answer = stranger.submit("/password/forgotten", email=alice.email)
    assert answer.status_code == 429
    assert len(mails(MailKind.PASSWORD_RESET)) == 3


def test_an_administrator_approves_an_account_that_waits_and_both_hear_of_it(
    settings, app, make_app, admin, root, mails
):
    other = make_app(settings.model_copy(update={"registration": "approval"}))
    carol = {"name": HOSTILE, "email": "carol@example.org", "password": stories.PASSWORD}
    hers = PageClient(other.test_client())
    hers.submit("/register", email=carol["email"])
    ((_, words),) = mails(MailKind.REGISTRATION)
    hers.submit(link(words), name=HOSTILE, password=stories.PASSWORD)
    assert [recipient for recipient, _ in mails(MailKind.ACCOUNT_WAITING)] == [root.email]
    people = admin.get("/admin/people")
    assert people.h1 == "1 waiting for approval"
    assert "<script>alert" not in people.html
    with app.app_context():
        carol_id = service.known("carol@example.org").id
    assert admin.submit_and_follow(f"/admin/people/{carol_id}", f"/admin/people/{carol_id}/approve")
    assert [recipient for recipient, _ in mails(MailKind.ACCOUNT_ACTIVE)] == ["carol@example.org"]
    assert PageClient(other.test_client()).submit("/login", **carol).status_code == 303


def test_switching_an_account_off_ends_its_sessions_and_its_tokens(app, admin, browser, alice):
    with app.app_context():
        made = tokens.create(name="laptop", scopes=[Scope.WRITE], by=SYSTEM, user_id=alice.id)
    page = admin.submit_and_follow(f"/admin/people/{alice.id}", f"/admin/people/{alice.id}/disable")
    assert "The account is off" in page.words
    assert browser.client.get("/").status_code == 303
    with app.app_context():
        assert tokens.find(made.secret) is None


@pytest.mark.parametrize(("action", "fields"), [("disable", {}), ("role", {"role": "viewer"})])
def test_the_last_administrator_stays_one(app, admin, root, action, fields):
    page = admin.submit_and_follow(f"/admin/people/{root.id}", f"/admin/people/{root.id}/{action}", **fields)
    assert "last administrator" in page.words
    with app.app_context():
        assert service.get(root.id).role is Role.ADMIN
        assert service.get(root.id).status is UserStatus.ACTIVE


def test_a_role_that_does_not_exist_is_refused(app, admin, alice):
    answer = admin.submit(f"/admin/people/{alice.id}", f"/admin/people/{alice.id}/role", role="owner")
    assert answer.status_code == 422
