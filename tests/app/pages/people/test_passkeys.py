"""Passkeys, as an authenticator of the tests answers: for this place, this person and this moment only."""

import pytest

from app.extensions import db
from app.records.factors import Factor
from app.records.outbox import MailKind
from tests.app.pages.client import PageClient
from tests.app.pages.people.factors import PROFILE, STEP, add_passkey, ask, audited, later, log_in_again, sign


def test_a_passkey_is_the_second_step(app, browser, stranger, alice):
    passkey = add_passkey(browser)
    log_in_again(stranger, alice)
    assert sign(stranger, passkey).status_code == 303
    assert stranger.get("/").h1
    with app.app_context():
        factor = db.session.query(Factor).one()
        assert factor.sign_count == 1
        assert factor.last_used_at is not None


def test_a_passkey_alone_logs_in_when_it_has_verified_its_holder(app, browser, stranger, alice):
    passkey = add_passkey(browser)
    options = ask(stranger, "/login", "/login/passkey/options")
    assert options["userVerification"] == "required"
    answer = stranger.submit("/login?next=/numbers", "/login/passkey", answer=passkey.get(options))
    assert (answer.status_code, answer.location) == (303, "/numbers")
    assert stranger.get("/").h1
    passkey.verifies = False
    visitor = PageClient(app.test_client())
    options = ask(visitor, "/login", "/login/passkey/options")
    assert visitor.submit("/login", "/login/passkey", answer=passkey.get(options)).status_code == 401


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:81"},
        {"rp_id": "evil.example"},
        {"handle": b"oims-999"},
        {"name": b"another credential"},
    ],
)
def test_an_answer_for_another_place_or_person_proves_nothing(browser, stranger, alice, lie):
    passkey = add_passkey(browser)
    for name, value in lie.items():
        setattr(passkey, name, value)
    log_in_again(stranger, alice)
    assert sign(stranger, passkey).status_code == 422
    assert stranger.client.get("/").status_code == 303


@pytest.mark.parametrize("answer", ["[" * 20_000, '{"id":' * 3_000, "null", '{"id": 1}', '{"id": "\\ud800"}'])
@pytest.mark.threat("T33")
def test_an_answer_of_any_form_from_anybody_is_only_refused(stranger, answer):
    ask(stranger, "/login", "/login/passkey/options")

    assert stranger.submit("/login", "/login/passkey", answer=answer).status_code == 401


@pytest.mark.parametrize("lie", [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}])
def test_no_passkey_is_made_for_another_place(app, browser, lie):
    passkey = add_passkey(browser)
    for name, value in lie.items():
        setattr(passkey, name, value)
    passkey.name = b"the next"
    add_passkey(browser, passkey, status=422)


def test_an_answer_counts_once_even_with_the_same_cookie(browser, stranger, alice, app):
    passkey = add_passkey(browser)
    log_in_again(stranger, alice)
    answer = passkey.get(ask(stranger, STEP, f"{STEP}/options"))
    form = stranger.get(STEP).form(STEP) | {"answer": answer}
    cookie = stranger.client.get_cookie("oims").value
    wrong = form | {"answer": "{}"}
    assert stranger.client.post(STEP, data=wrong).status_code == 422
    stranger.client.set_cookie("oims", cookie)
    assert stranger.client.post(STEP, data=form).status_code == 422, "the challenge was used up"


def test_an_answer_for_one_purpose_is_worth_nothing_for_another(browser, stranger, alice, app):
    passkey = add_passkey(browser)
    log_in_again(stranger, alice)
    answer = passkey.get(ask(stranger, STEP, f"{STEP}/options"))
    form = stranger.get(STEP).form(STEP)
    assert stranger.client.post("/login/passkey", data=form | {"answer": answer}).status_code == 401


def test_a_challenge_ends(browser, stranger, alice):
    passkey = add_passkey(browser)
    log_in_again(stranger, alice)
    answer = passkey.get(ask(stranger, STEP, f"{STEP}/options"))
    with later(6):
        assert stranger.submit(STEP, answer=answer).status_code == 422


def test_a_copied_passkey_is_refused_and_told(browser, stranger, alice, mails, app):
    passkey = add_passkey(browser)
    passkey.count = 5
    log_in_again(stranger, alice)
    assert sign(stranger, passkey).status_code == 303
    passkey.count = 2
    thief = log_in_again(PageClient(app.test_client()), alice)
    assert sign(thief, passkey).status_code == 422
    assert any("may have been copied" in words for _, words in mails(MailKind.FACTORS_CHANGED))
    assert "passkey_refused" in audited(app)


def test_the_passkey_of_somebody_else_is_refused_at_the_second_step(browser, log_in, stranger, alice, bob):
    add_passkey(browser)
    his = add_passkey(log_in(bob))
    log_in_again(stranger, alice)
    assert sign(stranger, his).status_code == 422


def test_the_address_of_the_installation_never_comes_from_the_request(browser):
    token = browser.get(f"{PROFILE}/passkey").form(f"{PROFILE}/passkey")["csrf_token"]
    answer = browser.client.post(
        f"{PROFILE}/passkey/options", data={"csrf_token": token}, headers={"Host": "localhost:5000"}
    )
    assert answer.json["rp"]["id"] == "localhost"
