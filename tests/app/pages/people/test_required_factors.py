"""Second factors that are demanded: of roles, of approvals, of API tokens."""

from datetime import timedelta

import pytest

from app.accounts import service as accounts
from app.accounts import sessions, tokens
from app.accounts.factors import recent
from app.accounts.factors import service as factors
from app.automation import approvals
from app.clock import now
from app.extensions import db
from app.records.accounts import Role, Scope
from app.records.actors import SYSTEM
from app.records.automation import Approval, ApprovalState
from tests.app.doors import PUBLIC, doors
from tests.app.pages import stories
from tests.app.pages.people.factors import PROFILE, STEP, add_app, begin, later

SET_UP = frozenset(
    {
        "factors.show",
        "factors.add_app",
        "factors.add_passkey",
        "factors.passkey_options",
        "accounts.logout",
        "profile.proved",
    }
)
"""All that opens to a person whose role needs a second factor and who has none."""


@pytest.fixture
def settings(settings):
    return settings.model_copy(
        update={"second_factor_roles": ("responder", "admin"), "approvals_need_second_factor": True}
    )


@pytest.fixture
def asked(tell, settings, at):
    return tell(stories.asking, settings, at)


def state(app):
    with app.app_context():
        return db.session.query(Approval).one().state


@pytest.mark.threat("T37")
def test_who_needs_a_factor_and_has_none_is_led_to_add_one_and_reaches_nothing_else(app, browser, alice):
    app.config["WTF_CSRF_ENABLED"] = False
    walked = 0
    for door in doors(app):
        machine = door.path.startswith(("/api/", "/demo/", "/session/"))
        if door.endpoint in PUBLIC | SET_UP or machine or not door.exists:
            continue
        answer = browser.client.open(door.path, method=door.method)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, PROFILE), door
        walked += 1
    assert walked > 80
    app.config["WTF_CSRF_ENABLED"] = True
    assert "Your role must log in with a second factor" in browser.get(PROFILE).words
    add_app(browser)
    assert browser.get("/").h1


def test_a_reverse_proxy_lets_nobody_in_who_needs_a_factor_and_has_none(browser, alice):
    assert browser.client.get("/session/viewer").status_code == 401


def test_a_session_that_has_not_proved_the_factor_can_add_no_other(app, browser, alice, settings):
    """Such sessions are older than the setting or the role."""
    added, _ = add_app(browser)
    with app.app_context():
        db.session.execute(db.text("UPDATE login_sessions SET factor_at = NULL"))
        db.session.commit()
    for path in ("/", PROFILE, f"{PROFILE}/app", f"{PROFILE}/passkey", "/profile/tokens"):
        assert browser.client.get(path).location.partition("?")[0] == STEP, path
    answer = browser.submit(f"{STEP}?next=/numbers", STEP, code=added.code())
    assert answer.location == "/numbers"
    assert browser.get("/numbers").h1


def test_a_program_in_such_a_session_is_refused(browser):
    answer = browser.client.get("/numbers", headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_roles_that_are_not_named_go_on_as_before(log_in, vera):
    assert log_in(vera).get("/").h1


def test_the_last_factor_stays_while_the_role_needs_one(app, browser, alice):
    add_app(browser)
    page = browser.submit_and_follow(PROFILE, f"{PROFILE}/1/remove")
    assert "Your role needs a second factor" in page.words
    with app.app_context():
        assert factors.has_any(alice.id)


def test_nobody_resets_the_own_factors(app, log_in, root):
    admin = log_in(root)
    add_app(admin)
    token = admin.get(PROFILE).form(f"{PROFILE}/codes")
    assert admin.client.post(f"/admin/people/{root.id}/reset-factors", data=token).status_code == 422
    with app.app_context():
        assert factors.has_any(root.id)


def test_who_was_reset_is_led_to_add_a_factor_again(app, browser, stranger, alice):
    add_app(browser)
    with app.app_context():
        factors.reset(alice.id, by=SYSTEM)
    assert stranger.submit("/login", email=alice.email, password=stories.PASSWORD).status_code == 303
    assert stranger.client.get("/").location.startswith(PROFILE)


@pytest.mark.threat("T37")
def test_approving_takes_a_factor_proved_in_the_last_minutes(app, browser, asked):
    added, _ = add_app(browser)
    page = f"/incidents/{asked}"
    with later(sessions.RECENT.total_seconds() / 60 + 1):
        answer = browser.submit(page, "/approvals/question-1/approve", reason="Load is real.")
        assert answer.location == f"{STEP}?next={page}"
        assert state(app) is ApprovalState.WAITING
        assert "Approving a run needs your second factor" in browser.get(answer.location).html
        assert browser.submit(answer.location, STEP, code=added.code()).location == page
        assert browser.submit(page, "/approvals/question-1/approve").location == page
        assert state(app) is ApprovalState.APPROVED


@pytest.mark.threat("T37")
@pytest.mark.parametrize("minutes", [-30, 6])
def test_a_proof_from_before_the_clock_was_set_is_none_either_way(app, settings, minutes):
    with app.test_request_context(), later(minutes), pytest.raises(recent.SecondFactorNeeded):
        recent.check_approval(now() - timedelta(minutes=minutes))


def test_rejecting_takes_no_factor(app, browser, asked):
    add_app(browser)
    with later(6):
        form = browser.get(f"/incidents/{asked}").form("/approvals/question-1/approve")
        assert browser.client.post("/approvals/question-1/reject", data=form).status_code == 303
    assert state(app) is ApprovalState.REJECTED


def test_a_door_that_brings_no_proof_approves_nothing(app, alice, asked):
    with app.app_context(), pytest.raises(recent.SecondFactorNeeded):
        approvals.approve("question-1", actor=alice.actor)
    assert state(app) is ApprovalState.WAITING


def test_a_persons_token_works_only_if_a_second_factor_stood_behind_it(app, browser, alice):
    with app.app_context():
        old = tokens.create(name="old", scopes=[Scope.READ], by=SYSTEM, user_id=alice.id).secret
    add_app(browser)
    answer = browser.submit("/profile/tokens", name="new")
    assert answer.status_code == 201
    new = next(element.text for element in browser.read(answer).all("pre"))
    status = {
        secret: browser.client.get(
            "/api/v1/incidents", headers={"Authorization": f"Bearer {secret}"}
        ).status_code
        for secret in (old, new)
    }
    assert status == {old: 403, new: 200}


def test_who_gets_a_role_that_needs_a_factor_is_led_there_at_once(app, log_in, vera):
    hers = log_in(vera)
    with app.app_context():
        accounts.change_role(vera.id, role=Role.RESPONDER, by=SYSTEM)
    assert hers.client.get("/").location.startswith(PROFILE)


def test_the_second_step_is_asked_for_at_the_log_in(browser, stranger, alice):
    added, _ = add_app(browser)
    begin(stranger, alice.email, stories.PASSWORD)
    assert stranger.submit(STEP, code=added.code()).location == "/"
