"""One's own account, links in mails, and the pages of administration."""

import re

import pytest
from sqlalchemy import event

from app import create_app
from app.accounts import service, tokens
from app.accounts.models import Role, Scope, UserStatus
from app.extensions import db
from app.incidents import service as incidents
from app.incidents.actors import SYSTEM
from app.incidents.lifecycle import Severity
from app.notify import outbox
from app.notify.models import MailKind, MailState, OutboxMessage
from tests.app.pages import stories
from tests.app.pages.client import PageClient, text

HOSTILE = "<script>alert(1)</script>{{ 7*7 }} \"' --"
ADMIN_PAGES = ("people", "tokens", "mails", "audit", "settings", "first-steps")


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 9})


@pytest.fixture
def root(app):
    with app.app_context():
        return stories.person("Root", Role.ADMIN)


@pytest.fixture
def admin(log_in, root):
    """The administrator's browser."""
    return log_in(root)


@pytest.fixture
def mails(app):
    """The mails in the outbox, of one kind."""

    def mails(kind):
        with app.app_context():
            found = db.session.query(OutboxMessage).filter_by(kind=kind).order_by(OutboxMessage.id).all()
            return [(mail.recipient, mail.text) for mail in found]

    return mails


def link(words: str) -> str:
    return re.search(r"http://localhost(/\S+)", words)[1]


def test_a_person_changes_the_own_name(browser):
    page = browser.submit_and_follow("/profile", name="Alice of the night")
    assert "Your profile is saved." in page.words
    assert "Alice of the night" in page.html


def test_a_password_is_changed_only_with_the_current_one_and_other_browsers_are_logged_out(
    browser, log_in, alice
):
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


def test_an_invited_person_makes_an_account_once_even_where_registration_is_closed(settings, app, root):
    closed = create_app(settings.model_copy(update={"registration": "closed"}))
    admin = PageClient(closed.test_client())
    admin.submit("/login", email=root.email, password=stories.PASSWORD)
    page = admin.submit_and_follow(
        "/admin/people", "/admin/people/invite", email="Carol@example.org", role="viewer"
    )
    assert "carol@example.org gets a mail" in page.words
    with app.app_context():
        mail = db.session.query(OutboxMessage).filter_by(kind=MailKind.INVITATION).one()
        path = link(mail.text)
    carol = PageClient(closed.test_client())
    assert carol.submit_and_follow(path, name="Carol", password=stories.PASSWORD).h1
    assert "been used" in PageClient(closed.test_client()).get(path, 404).words
    with app.app_context():
        assert service.known("carol@example.org").role is Role.VIEWER
    assert "carol@example.org" not in admin.get("/admin/people").words.partition("Invitations")[2]


def test_registration_answers_the_same_whether_there_is_an_account_or_not(app, stranger, admin, alice, mails):
    commits: list[str] = []
    with app.app_context():
        event.listen(db.engine, "commit", lambda _: commits.append("commit"))
    answers = []
    for email in (alice.email, "carol@example.org"):
        commits.clear()
        answer = stranger.read(stranger.submit("/register", email=email))
        answers.append((answer.words.replace(email, "…"), len(commits)))
    assert answers[0] == answers[1]
    ((recipient, words),) = mails(MailKind.ACCOUNT_EXISTS)
    assert recipient == alice.email
    assert "It has an account." in words
    ((recipient, words),) = mails(MailKind.REGISTRATION)
    assert recipient == "carol@example.org"
    page = stranger.submit_and_follow(link(words), name="Carol", password=stories.PASSWORD)
    assert page.h1 == "Nothing is on fire"
    with app.app_context():
        assert service.known("carol@example.org").role is Role.RESPONDER
    assert "carol@example.org" not in admin.get("/admin/people").words.partition("Invitations")[2]


def test_a_link_to_register_waits_for_approval_and_dies_when_registration_closes(settings, app, mails):
    waiting = PageClient(create_app(settings.model_copy(update={"registration": "approval"})).test_client())
    for email in ("carol@example.org", "dan@example.org"):
        waiting.submit("/register", email=email)
    carol, dan = (link(words) for _, words in mails(MailKind.REGISTRATION))
    page = waiting.submit_and_follow(carol, name="Carol", password=stories.PASSWORD)
    assert "waits for approval" in page.words
    with app.app_context():
        assert service.known("carol@example.org").status is UserStatus.PENDING
    closed = PageClient(create_app(settings.model_copy(update={"registration": "closed"})).test_client())
    closed.get(dan, 404)


def test_nobody_is_flooded_with_links_to_register(stranger, mails):
    for _ in range(4):
        answer = stranger.submit("/register", email="carol@example.org")
    assert answer.status_code == 429
    assert len(mails(MailKind.REGISTRATION)) == 3


def test_who_registers_takes_no_invitation_away(admin, stranger, mails):
    admin.submit_and_follow("/admin/people", "/admin/people/invite", email="dan@example.org", role="admin")
    ((_, words),) = mails(MailKind.INVITATION)
    stranger.submit("/register", email="dan@example.org")
    assert "with the role admin" in stranger.get(link(words)).words


def test_a_withdrawn_invitation_leads_nowhere(admin, stranger, mails):
    admin.submit_and_follow("/admin/people", "/admin/people/invite", email="dan@example.org", role="admin")
    ((_, words),) = mails(MailKind.INVITATION)
    admin.submit_and_follow("/admin/people", "/admin/invitations/1/withdraw")
    assert "withdrawn" in stranger.get(link(words), 404).words


def test_without_mail_an_invitation_shows_its_link_once(settings, app, root):
    quiet = create_app(settings.model_copy(update={"smtp_host": ""}))
    admin = PageClient(quiet.test_client())
    admin.submit("/login", email=root.email, password=stories.PASSWORD)
    shown = admin.submit("/admin/people", "/admin/people/invite", email="dan@example.org", role="viewer")
    path = link(admin.read(shown).words)
    assert path not in admin.get("/admin/people").html
    assert PageClient(quiet.test_client()).get(path).h1 == "Welcome to OIMS"


def test_an_administrator_approves_an_account_that_waits_and_both_hear_of_it(
    settings, app, admin, root, mails
):
    other = create_app(settings.model_copy(update={"registration": "approval"}))
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
        made = tokens.create(name="laptop", scopes=[Scope.WRITE], by="Alice", user_id=alice.id)
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
        service.change_role(alice.id, role=Role.VIEWER, by="test")
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
    assert page.h1 == "1 mail could not be delivered"
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


def test_the_settings_page_shows_no_secret(settings, app, root):
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
    other = create_app(type(settings)(**values))
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
