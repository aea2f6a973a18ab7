"""Logging in, registering, logging out."""

import pytest

from app.accounts import service as accounts
from app.records.accounts import UserStatus
from tests.app.pages import stories
from tests.app.pages.client import PageClient


def test_it_sends_strangers_to_the_login_page_and_back_to_where_they_wanted_to_go(stranger, alice):
    refused = stranger.client.get("/automation")
    assert refused.status_code == 303
    page = stranger.submit_and_follow(
        refused.location, "/login", email=alice.email, password=stories.PASSWORD
    )
    assert page.h1 == "Automation has not reported yet"


def test_it_logs_in_and_greets_by_name(browser):
    assert "Alice" in browser.get("/").html


def test_it_logs_out_by_post_only_and_ends_the_session_on_the_server(browser):
    stolen = browser.client.get_cookie("oims").value
    assert browser.client.get("/logout").status_code == 405
    assert browser.submit("/", "/logout").location == "/login"
    browser.client.set_cookie("oims", stolen)
    assert browser.client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        ("", stories.PASSWORD, "Enter your e-mail address."),
        ("alice@example.org", "", "Enter your password."),
        ("alice@example.org", "wrong", "don't fit together"),
        ("nobody@example.org", stories.PASSWORD, "don't fit together"),
    ],
)
def test_it_says_what_is_wrong_with_a_login(stranger, alice, email, password, message):
    response = stranger.submit("/login", email=email, password=password)
    assert response.status_code == 422
    page = stranger.read(response)
    assert message in page.words
    assert password not in page.html or not password


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\t//evil.example"],
)
def test_it_never_leads_people_away_after_the_login(stranger, alice, target):
    data = stranger.get("/login").form("/login") | {"email": alice.email, "password": stories.PASSWORD}
    response = stranger.client.post("/login", query_string={"next": target}, data=data)
    assert response.status_code == 303
    assert response.location == "/"


def test_it_registers_and_logs_in_at_once_where_registration_is_open(stranger):
    page = stranger.submit_and_follow(
        "/register", name="Carol", email="carol@example.org", password=stories.PASSWORD
    )
    assert page.h1 == "Nothing is on fire"
    assert "Carol" in page.html


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Enter your name."),
        ("email", "", "Enter your e-mail address."),
        ("email", "not an address", "address"),
        ("email", "alice@example.org", "already"),
        ("password", "", "Choose a password."),
        ("password", "short", "at least 8 characters"),
        ("password", "passwordpassword", "easy to guess"),
    ],
)
def test_it_says_at_the_field_what_is_wrong_with_a_registration(stranger, alice, field, value, message):
    good = {"name": "Carol", "email": "carol@example.org", "password": stories.PASSWORD}
    response = stranger.submit("/register", **(good | {field: value}))
    assert response.status_code == 422
    page = stranger.read(response)
    errors = [element for element in page.tree.iter("p") if element.get("id") == f"{field}-error"]
    assert message in "".join(errors[0].itertext())


def test_it_keeps_a_new_account_waiting_where_registration_needs_approval(settings, app, make_app):
    other = make_app(settings.model_copy(update={"registration": "approval"}))
    stranger = PageClient(other.test_client())
    page = stranger.submit_and_follow(
        "/register", name="Carol", email="carol@example.org", password=stories.PASSWORD
    )
    assert "waits for approval" in page.words
    with app.app_context():
        found = accounts.by_email("carol@example.org")
        assert found is not None
        assert found.status is UserStatus.PENDING


def test_it_refuses_registration_where_it_is_closed(settings, app, make_app):
    closed = PageClient(make_app(settings.model_copy(update={"registration": "closed"})).test_client())
    assert "Register" not in closed.get("/login").words
    assert "Registration is closed" in closed.get("/register", 403).words


def test_it_refuses_a_form_without_its_token(stranger, alice):
    response = stranger.client.post("/login", data={"email": alice.email, "password": stories.PASSWORD})
    assert response.status_code == 400
    assert "reload the page" in stranger.read(response).words


def test_it_shows_the_theme_the_reader_chose(stranger):
    data = stranger.get("/login").form("/theme") | {"theme": "dark", "next": "/login"}
    assert stranger.client.post("/theme", data=data).location == "/login"
    assert stranger.get("/login").tree.get("data-theme") == "dark"


def test_it_ignores_a_theme_that_does_not_exist(stranger):
    data = stranger.get("/login").form("/theme") | {"theme": '"><script>', "next": "/login"}
    stranger.client.post("/theme", data=data)
    assert stranger.get("/login").tree.get("data-theme") is None
