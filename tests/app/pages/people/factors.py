"""What people do with second factors, in a browser of the tests."""

import re
from datetime import timedelta

import pyotp
import time_machine
from flask import Flask

from app.clock import now
from app.extensions import db
from app.records.operations import AuditEvent
from tests.app.accounts.authenticator import Authenticator
from tests.app.pages import stories
from tests.app.pages.client import Page, PageClient

PROFILE = "/profile/two-step"
STEP = "/login/second-step"


class App:
    """An authenticator app; each of its codes is another one than before."""

    def __init__(self, secret: str) -> None:
        self.totp = pyotp.TOTP(secret)

    def code(self, *, steps: int = 0) -> str:
        return self.totp.generate_otp(self.totp.timecode(now()) + steps)


def secret_of(page: Page) -> str:
    """Return the secret that the page shows for an app."""
    return re.search(r"Secret: ((?:[A-Z2-7]{4} ){8})", page.words)[1].replace(" ", "")


def add_app(browser: PageClient) -> tuple[App, list[str]]:
    """Add an app in this browser; return it and the recovery codes that were shown."""
    page = browser.get(f"{PROFILE}/app")
    app = App(secret_of(page))
    # The code of the step before, so that the one of this moment is still unused.
    answer = browser.client.post(
        f"{PROFILE}/app", data=page.form(f"{PROFILE}/app") | {"code": app.code(steps=-1)}
    )
    assert answer.status_code in {201, 303}, browser.read(answer).words
    return app, recovery_codes(answer.text)


def recovery_codes(html: str) -> list[str]:
    return re.findall(r"^(?:.*>)?((?:[a-z2-9]{4}-){3}[a-z2-9]{4})$", html, re.MULTILINE)


def add_passkey(browser: PageClient, passkey: Authenticator | None = None, status: int = 0):
    """Add a passkey in this browser."""
    passkey = passkey or Authenticator()
    page = f"{PROFILE}/passkey"
    options = ask(browser, page, f"{page}/options")
    answer = browser.submit(page, answer=passkey.create(options))
    assert answer.status_code in ({status} if status else {201, 303}), answer.text
    return passkey


def ask(browser: PageClient, page: str, path: str) -> dict:
    """Get a challenge as the page's script does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).html)[1]
    answer = browser.client.post(path, data={"csrf_token": token})
    assert answer.status_code == 200, answer.text
    return answer.json


def begin(stranger: PageClient, email: str, password: str, path: str = "/login"):
    """Give the password; the second step is asked for."""
    answer = stranger.submit(path, "/login", email=email, password=password)
    assert answer.status_code == 303
    assert answer.location == STEP
    return stranger


def log_in_again(stranger: PageClient, person: stories.Person, path: str = "/login") -> PageClient:
    return begin(stranger, person.email, stories.PASSWORD, path)


def sign(browser: PageClient, passkey: Authenticator):
    """Take the second step with a passkey; the raw answer."""
    return browser.submit(STEP, answer=passkey.get(ask(browser, STEP, f"{STEP}/options")))


def audited(app: Flask) -> list[str]:
    """Return the kinds of all entries of the audit trail, oldest first."""
    with app.app_context():
        return [event.kind for event in db.session.query(AuditEvent).order_by(AuditEvent.id)]


def later(minutes: float):
    return time_machine.travel(now() + timedelta(minutes=minutes), tick=False)
