"""Dangerous acts ask for the password again once the last proof is old, and lose nothing that was typed."""

from datetime import timedelta

import pytest
import time_machine

from app.accounts import service, sessions, tokens
from app.clock import now
from app.records.accounts import Role
from tests.app.pages import stories

HOSTILE = '<b>night</b> & "day"\r\nsecond line'


@pytest.fixture
def later():
    """A moment at which the log-in no longer counts as fresh."""
    with time_machine.travel(now() + sessions.RECENT + timedelta(seconds=1), tick=False) as moment:
        yield moment


def made(app, user):
    with app.app_context():
        return [token.name for token in tokens.of(user.id)]


@pytest.fixture
def aged(browser, later):
    """Alice's browser, logged in a while ago."""
    return browser


@pytest.mark.parametrize("name", ["laptop", HOSTILE.splitlines()[0], "umläut ✓"])
@pytest.mark.threat("T41")
def test_a_token_is_made_only_after_the_password_and_with_what_was_typed(app, aged, alice, name):
    asked = aged.submit("/profile/tokens", name=name, scope="write", days="90")
    assert asked.status_code == 403
    page = aged.read(asked)
    assert page.h1 == "Confirm that it is you"
    assert made(app, alice) == []
    form = page.form("/profile/tokens")
    done = aged.client.post("/profile/tokens", data=form | {"proof_password": stories.PASSWORD})
    assert done.status_code == 201
    assert made(app, alice) == [name]
    again = aged.submit("/profile/tokens", name="second", scope="read", days="30")
    assert again.status_code == 201, "the proof counts for some minutes"


def test_a_wrong_password_is_no_proof_and_keeps_what_was_typed(app, aged, alice):
    page = aged.read(aged.submit("/profile/tokens", name="laptop", scope="write", days="90"))
    refused = aged.client.post(
        "/profile/tokens", data=page.form("/profile/tokens") | {"proof_password": "wrong"}
    )
    assert refused.status_code == 403
    page = aged.read(refused)
    assert "not your current password" in page.words
    assert page.form("/profile/tokens")["name"] == "laptop"
    assert made(app, alice) == []


def test_guessing_at_the_proof_is_braked(aged):
    page = aged.read(aged.submit("/profile/tokens", name="laptop", scope="write", days="90"))
    form = page.form("/profile/tokens") | {"proof_password": "wrong"}
    answers = {aged.client.post("/profile/tokens", data=form).status_code for _ in range(14)}
    assert answers == {403, 429}


def test_several_lines_of_text_come_back_as_they_were(app, admin, later, alice):
    answer = admin.submit(
        f"/admin/people/{alice.id}", f"/admin/people/{alice.id}/role", role="viewer", note=HOSTILE
    )
    assert (
        admin.read(answer).form(f"/admin/people/{alice.id}/role")["note"].splitlines() == HOSTILE.splitlines()
    )


@pytest.mark.parametrize(
    ("page", "action", "fields"),
    [
        ("/admin/people/{id}", "/admin/people/{id}/role", {"role": "admin"}),
        ("/admin/people/{id}", "/admin/people/{id}/disable", {}),
        ("/admin/people", "/admin/people/invite", {"email": "new@example.org", "role": "admin"}),
        ("/admin/tokens", "/admin/tokens", {"name": "program", "scope": "admin", "days": ""}),
    ],
)
@pytest.mark.threat("T41")
def test_administrators_prove_themselves_too(app, admin, later, alice, page, action, fields):
    page, action = page.format(id=alice.id), action.format(id=alice.id)
    asked = admin.submit(page, action, **fields)
    assert asked.status_code == 403
    with app.app_context():
        assert service.get(alice.id).role is Role.RESPONDER
        assert service.get(alice.id).is_active
        assert not tokens.all_tokens()
    form = admin.read(asked).form(action)
    done = admin.client.post(action, data=form | {"proof_password": stories.PASSWORD})
    assert done.status_code in {200, 201, 303}


def test_a_program_gets_no_page_but_words(aged):
    page = aged.get("/profile/tokens").form("/profile/tokens")
    answer = aged.client.post("/profile/tokens", data=page, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert "recent log-in" in answer.json["detail"]


def test_looking_needs_no_proof(aged):
    assert aged.get("/profile/tokens").h1 == "Your API tokens"


def test_a_session_from_before_the_upgrade_has_proved_nothing(app, browser, alice):
    with app.app_context():
        sessions.db.session.execute(sessions.update(sessions.LoginSession).values(proved_at=None))
        sessions.db.session.commit()
    assert browser.submit("/profile/tokens", name="x", scope="read", days="30").status_code == 403
