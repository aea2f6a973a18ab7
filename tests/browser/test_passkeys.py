"""Passkeys in a real browser, which has a virtual authenticator; and the second step without any script."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.pages import stories
from tests.app.pages.people.factors import App
from tests.browser.test_flows import WITHOUT_SCRIPT


@pytest.fixture
def at_localhost(site):
    """The site under the only name for which browsers offer passkeys without HTTPS."""
    before = site.app.config["SETTINGS"]
    url = site.url.replace("127.0.0.1", "localhost")
    site.app.config["SETTINGS"] = before.model_copy(update={"base_url": url})
    yield url
    site.app.config["SETTINGS"] = before


def with_authenticator(page):
    """Give the tab a device that keeps passkeys and always recognises its holder."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def give_password(page, url: str, email: str) -> None:
    page.goto(f"{url}/login?next=/numbers")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(stories.PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def log_out(page) -> None:
    page.get_by_role("button", name="Log out").first.click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()


def test_a_passkey_is_added_taken_as_second_step_and_logs_in_alone(open_page, at_localhost, alice):
    page = with_authenticator(open_page())
    give_password(page, at_localhost, alice.email)
    expect(page).to_have_url(f"{at_localhost}/numbers")
    page.goto(f"{at_localhost}/profile/two-step")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_label("Recovery codes")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Laptop")).to_be_visible()
    log_out(page)
    give_password(page, at_localhost, alice.email)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_url(f"{at_localhost}/numbers")
    log_out(page)
    page.goto(f"{at_localhost}/login?next=/numbers")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page).to_have_url(f"{at_localhost}/numbers")


def test_an_app_and_recovery_codes_work_without_script(open_page, site, alice):
    page = open_page(**WITHOUT_SCRIPT)
    give_password(page, site.url, alice.email)
    expect(page).to_have_url(f"{site.url}/numbers")
    page.goto(f"{site.url}/profile/two-step")
    page.get_by_role("link", name="Add an authenticator app").click()
    secret = re.search(r"Secret: ((?:[A-Z2-7]{4} ?){8})", page.inner_text("main"))[1].replace(" ", "")
    page.get_by_label("Code that the app shows").fill(App(secret).code())
    page.get_by_role("button", name="Add the app").click()
    codes = page.get_by_label("Recovery codes").inner_text().split()
    log_out(page)
    give_password(page, site.url, alice.email)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    expect(page.get_by_role("button", name="Use your passkey")).to_have_count(0)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(f"{site.url}/numbers")
