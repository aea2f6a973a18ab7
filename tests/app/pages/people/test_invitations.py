"""Links that make accounts: invited, or asked for by oneself."""

import pytest
from sqlalchemy import event

from app.accounts import service
from app.extensions import db
from app.records.accounts import Role, UserStatus
from app.records.outbox import MailKind, OutboxMessage
from tests.app.pages import stories
from tests.app.pages.client import PageClient, link


def test_an_invited_person_makes_an_account_once_even_where_registration_is_closed(
    settings, app, make_app, root
):
    closed = make_app(settings.model_copy(update={"registration": "closed"}))
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


@pytest.mark.threat("T21")
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


def test_a_link_to_register_waits_for_approval_and_dies_when_registration_closes(
    settings, app, make_app, mails
):
    waiting = PageClient(make_app(settings.model_copy(update={"registration": "approval"})).test_client())
    for email in ("carol@example.org", "dan@example.org"):
        waiting.submit("/register", email=email)
    carol, dan = (link(words) for _, words in mails(MailKind.REGISTRATION))
    page = waiting.submit_and_follow(carol, name="Carol", password=stories.PASSWORD)
    assert "waits for approval" in page.words
    with app.app_context():
        assert service.known("carol@example.org").status is UserStatus.PENDING
    closed = PageClient(make_app(settings.model_copy(update={"registration": "closed"})).test_client())
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


def test_without_mail_an_invitation_shows_its_link_once(settings, app, make_app, root):
    quiet = make_app(settings.model_copy(update={"smtp_host": ""}))
    admin = PageClient(quiet.test_client())
    admin.submit("/login", email=root.email, password=stories.PASSWORD)
    shown = admin.submit("/admin/people", "/admin/people/invite", email="dan@example.org", role="viewer")
    path = link(admin.read(shown).words)
    assert path not in admin.get("/admin/people").html
    assert PageClient(quiet.test_client()).get(path).h1 == "Welcome to OIMS"
