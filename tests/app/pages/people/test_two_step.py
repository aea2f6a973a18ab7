"""Two-step sign-in: adding and removing factors, the second step, and what a half log-in can't do."""

import pytest

from app.accounts import password_login, sessions
from app.accounts import service as accounts
from app.accounts.factors import recovery
from app.accounts.factors import service as factors
from app.extensions import db
from app.records.accounts import LoginSession, UserStatus
from app.records.actors import SYSTEM
from app.records.factors import Factor, PendingLogIn
from app.records.outbox import MailKind
from tests.app.doors import PUBLIC, doors
from tests.app.pages import stories
from tests.app.pages.client import PageClient
from tests.app.pages.people.factors import (
    PROFILE,
    STEP,
    App,
    add_app,
    audited,
    begin,
    later,
    log_in_again,
    recovery_codes,
    secret_of,
)


def test_an_app_counts_once_a_code_has_confirmed_it(app, browser, alice, mails):
    page = browser.get(f"{PROFILE}/app")
    refused = browser.submit(f"{PROFILE}/app", code="000000")
    assert refused.status_code == 422
    assert "doesn't fit" in browser.read(refused).words
    with app.app_context():
        assert not factors.has_any(alice.id)
    assert browser.get(f"{PROFILE}/app").words == page.words, "the secret is the same until it is confirmed"
    _, codes = add_app(browser)
    assert len(set(codes)) == recovery.COUNT
    assert mails(MailKind.FACTORS_CHANGED)[0][0] == alice.email
    assert "factor_added" in audited(app)


def test_the_secret_is_encrypted_in_the_database(app, browser):
    added, codes = add_app(browser)
    with app.app_context():
        secret = db.session.query(Factor).one().secret
        rows = db.session.connection().connection.dbapi_connection.iterdump()
        dump = "\n".join(rows)
    assert added.totp.secret not in secret
    assert added.totp.secret not in dump
    assert not any(code in dump for code in codes)


@pytest.mark.threat("T37")
def test_after_the_password_comes_the_second_step_and_then_the_page_asked_for(browser, stranger, alice):
    added, _ = add_app(browser)
    log_in_again(stranger, alice, "/login?next=/numbers")
    answer = stranger.submit(STEP, code=added.code())
    assert (answer.status_code, answer.location) == (303, "/numbers")
    assert stranger.get("/numbers").h1


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_the_second_step_leads_nobody_away(browser, stranger, alice, target):
    added, _ = add_app(browser)
    log_in_again(stranger, alice, f"/login?next={target}")
    assert stranger.submit(STEP, code=added.code()).location == "/"


@pytest.mark.threat("T37")
def test_a_code_works_once(browser, stranger, alice, app):
    added, _ = add_app(browser)
    code = added.code()
    log_in_again(stranger, alice)
    assert stranger.submit(STEP, code=code).status_code == 303
    thief = log_in_again(PageClient(app.test_client()), alice)
    assert thief.submit(STEP, code=code).status_code == 422
    assert "second_step_failed" in audited(app)


def test_codes_of_the_step_before_and_after_are_taken_and_no_others(browser, alice, app):
    added, _ = add_app(browser)
    with later(10):
        for steps, status in [(-2, 422), (2, 422), (-1, 303), (0, 303), (1, 303), (0, 422)]:
            visitor = log_in_again(PageClient(app.test_client()), alice)
            assert visitor.submit(STEP, code=added.code(steps=steps)).status_code == status, steps


def test_the_code_of_another_account_opens_nothing(browser, log_in, stranger, alice, bob):
    add_app(browser)
    his, his_codes = add_app(log_in(bob))
    log_in_again(stranger, alice)
    for code in (his.code(), his_codes[0], "", "\uff10" * 6, "x" * 65):
        assert stranger.submit(STEP, code=code).status_code == 422
    assert stranger.client.get("/").status_code == 303


def test_guessing_codes_is_braked_from_any_address(browser, stranger, alice):
    added, _ = add_app(browser)
    log_in_again(stranger, alice)
    answers = [stranger.submit(STEP, code=f"{number:06}").status_code for number in range(11)]
    assert answers == [422] * 10 + [429]
    form = {"csrf_token": "", "code": added.code()}
    stranger.client.application.config["WTF_CSRF_ENABLED"] = False
    away = {"REMOTE_ADDR": "192.0.2.77"}
    assert stranger.client.post(STEP, data=form, environ_base=away).status_code == 429


def test_a_recovery_code_works_once_and_the_person_hears_of_it(browser, stranger, alice, mails, app):
    _, codes = add_app(browser)
    log_in_again(stranger, alice)
    assert stranger.submit(STEP, code=codes[3].upper().replace("-", " ")).status_code == 303
    assert "9 are left" in stranger.get(PROFILE).words
    assert any(
        "A recovery code was used; 9 are left." in words for _, words in mails(MailKind.FACTORS_CHANGED)
    )
    thief = log_in_again(PageClient(app.test_client()), alice)
    assert thief.submit(STEP, code=codes[3]).status_code == 422


def test_new_recovery_codes_end_the_old_ones(browser, stranger, alice):
    _, old = add_app(browser)
    answer = browser.submit(PROFILE, f"{PROFILE}/codes")
    assert answer.status_code == 201
    new = recovery_codes(answer.text)
    assert len(new) == recovery.COUNT
    assert recovery_codes(browser.get(PROFILE).html) == [], "they are shown once"
    log_in_again(stranger, alice)
    assert stranger.submit(STEP, code=old[0]).status_code == 422
    assert stranger.submit(STEP, code=new[0]).status_code == 303


def test_the_page_that_shows_the_codes_works_on(browser):
    """Its session is new: its forms have the token of the new one."""
    page = browser.get(f"{PROFILE}/app")
    code = App(secret_of(page)).code()
    shown = browser.read(
        browser.client.post(f"{PROFILE}/app", data=page.form(f"{PROFILE}/app") | {"code": code})
    )
    assert "Your recovery codes" in shown.words
    assert browser.client.post("/logout", data=shown.form("/logout")).status_code == 303


@pytest.mark.threat("T37")
def test_a_half_log_in_opens_no_door(app, browser, stranger, alice):
    """The table of all doors, with no exception: between the steps everybody is a stranger."""
    add_app(browser)
    log_in_again(stranger, alice)
    app.config["WTF_CSRF_ENABLED"] = False
    visitor = PageClient(app.test_client())
    walked = 0
    for door in doors(app):
        if door.endpoint in PUBLIC or not door.exists:
            continue
        half = stranger.client.open(door.path, method=door.method, json={})
        nobody = visitor.client.open(door.path, method=door.method, json={})
        assert (half.status_code, half.location) == (nobody.status_code, nobody.location), door
        assert half.status_code in {303, 401} or door.method == "OPTIONS", door
        walked += 1
    assert walked > 100
    with app.app_context():
        assert db.session.query(PendingLogIn).count() == 1


def test_the_session_is_another_after_each_proof(app, browser, stranger, alice):
    added, _ = add_app(browser)
    log_in_again(stranger, alice)
    half = stranger.client.get_cookie("oims").value
    assert stranger.submit(STEP, code=added.code()).status_code == 303
    whole = stranger.client.get_cookie("oims").value
    thief = app.test_client()
    thief.set_cookie("oims", half)
    assert thief.get("/").status_code == 303
    assert thief.post(STEP, data={"code": added.code(steps=1)}).status_code in {303, 400}
    with later(20):
        assert stranger.submit(f"{STEP}?next=/", STEP, code=added.code()).status_code == 303
        thief.set_cookie("oims", whole)
        assert thief.get("/").status_code == 303, "the session before the proof has ended"


def test_a_half_log_in_ends_by_itself_by_leaving_and_with_the_account(app, browser, stranger, alice, root):
    added, _ = add_app(browser)
    log_in_again(stranger, alice)
    with later(11):
        assert stranger.client.get(STEP).location == "/login"
    log_in_again(stranger, alice)
    assert stranger.submit(STEP, f"{STEP}/leave").location == "/login"
    assert stranger.client.get(STEP).location == "/login"
    log_in_again(stranger, alice)
    with app.app_context():
        accounts.change_status(alice.id, status=UserStatus.DISABLED, by=SYSTEM)
    assert stranger.client.get(STEP).location == "/login"
    del added


def test_without_the_forms_token_nothing_is_proved_or_changed(app, browser, stranger, alice):
    added, _ = add_app(browser)
    log_in_again(stranger, alice)
    for path in (STEP, f"{STEP}/options", f"{STEP}/leave", "/login/passkey", "/login/passkey/options"):
        assert stranger.client.post(path, data={"code": added.code()}).status_code == 400, path
    for path in ("app", "passkey", "passkey/options", "1/remove", "codes"):
        assert browser.client.post(f"{PROFILE}/{path}").status_code == 400, path
    with app.app_context():
        assert db.session.query(Factor).count() == 1


def test_changes_ask_again_for_the_factor_after_a_while(browser, alice):
    added, _ = add_app(browser)
    with later(sessions.RECENT.total_seconds() / 60 + 1):
        for path in ("1/remove", "codes"):
            answer = browser.submit(PROFILE, f"{PROFILE}/{path}")
            assert answer.location == f"{STEP}?next=/profile/two-step", path
        for path in ("app", "passkey"):
            assert browser.client.get(f"{PROFILE}/{path}").location == f"{STEP}?next=/profile/two-step/{path}"
        step = browser.client.get(f"{PROFILE}/app").location
        answer = browser.submit(step, STEP, code=added.code())
        assert answer.location == f"{PROFILE}/app"
        assert browser.get(f"{PROFILE}/app").h1 == "Add an authenticator app"


def test_the_first_factor_logs_others_out_and_the_last_removes_the_codes(app, browser, log_in, alice):
    other = log_in(alice)
    add_app(browser)
    assert other.client.get("/").status_code == 303
    assert browser.get("/").h1
    page = browser.submit_and_follow(PROFILE, f"{PROFILE}/1/remove")
    assert "No second factor yet" in page.words
    with app.app_context():
        assert recovery.left(alice.id) == 0
    assert log_in(alice).get("/").h1


def test_nobody_removes_the_factor_of_somebody_else(app, browser, log_in, alice, bob):
    add_app(browser)
    his = log_in(bob)
    add_app(his)
    page = his.get(PROFILE)
    answer = his.client.post(f"{PROFILE}/1/remove", data=page.form(f"{PROFILE}/2/remove"))
    assert answer.status_code == 404
    with app.app_context():
        assert factors.has_any(alice.id)


def test_an_administrator_resets_factors_and_the_person_hears_of_it(
    app, browser, admin, alice, mails, stranger
):
    add_app(browser)
    page = admin.submit_and_follow(f"/admin/people/{alice.id}", f"/admin/people/{alice.id}/reset-factors")
    assert "All second factors are removed" in page.words
    assert browser.client.get("/").status_code == 303
    assert any("removed by an administrator" in words for _, words in mails(MailKind.FACTORS_CHANGED))
    assert "factors_reset" in audited(app)
    assert stranger.submit("/login", email=alice.email, password=stories.PASSWORD).location == "/"


def test_an_account_that_was_off_has_no_factors(app, browser, alice):
    add_app(browser)
    with app.app_context():
        accounts.change_status(alice.id, status=UserStatus.DISABLED, by=SYSTEM)
        assert not factors.has_any(alice.id)


def test_a_new_password_does_not_replace_the_second_factor(app, browser, stranger, alice):
    add_app(browser)
    with app.app_context():
        password_login.set_password(accounts.get(alice.id), "quite another lamp", by=SYSTEM)
    begin(stranger, alice.email, "quite another lamp")


def test_sessions_before_the_first_factor_are_not_listed_after_it(app, browser, log_in, alice):
    log_in(alice)
    add_app(browser)
    with app.app_context():
        assert db.session.query(LoginSession).filter_by(user_id=alice.id).count() == 1
