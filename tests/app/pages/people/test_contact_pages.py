"""A person's contact methods: added, proved, tested, removed; rules, quiet hours, a page for a test."""

import re

import pytest

from app.contacts import web_push
from app.database import transaction
from app.extensions import db
from app.records.channels import QuietHours
from app.records.outbox import OutboxMessage

PAGE = "/profile/contact"
GIVEN = {"kind": "ntfy", "name": "Phone", "address": "ntfys://oncall-topic"}


@pytest.fixture
def made(browser):
    return browser.submit_and_follow(f"{PAGE}/new", **GIVEN)


def code(app):
    with app.app_context():
        message = db.session.query(OutboxMessage).filter_by(kind="proof").order_by(OutboxMessage.id).all()[-1]
        return re.search(r"\d{6}", message.text)[0]


def test_a_method_is_added_proved_tested_and_removed(app, browser, made):
    assert "Phone (ntfy)" in made.words
    assert "Not proved" in made.words
    assert "oncall-topic" not in made.html
    wrong = browser.submit(PAGE, f"{PAGE}/1/prove", code="nope")
    assert wrong.status_code == 422
    assert "doesn't fit" in browser.read(wrong).words
    assert "is proved" in browser.submit_and_follow(PAGE, f"{PAGE}/1/prove", code=code(app)).words
    assert "test message is on its way" in browser.submit_and_follow(PAGE, f"{PAGE}/1/test").words
    assert "Phone (ntfy)" not in browser.submit_and_follow(PAGE, f"{PAGE}/1/remove").words


def test_rules_are_added_and_removed(browser, made):
    page = browser.submit_and_follow(PAGE, f"{PAGE}/rules", urgency="high", method="mail", after="2m")
    assert "After 2 min mail" in page.words
    page = browser.submit_and_follow(PAGE, f"{PAGE}/rules/1/remove")
    assert "After 2 min" not in page.words
    for field, value, message in (("after", "soon", "is not a duration"), ("after", "25h", "at most 24h")):
        answer = browser.submit(PAGE, f"{PAGE}/rules", **{"urgency": "high", "method": "mail", field: value})
        assert answer.status_code == 422
        assert message in browser.read(answer).words


def test_quiet_hours_are_kept_and_taken_back(app, browser):
    page = browser.submit_and_follow(PAGE, f"{PAGE}/quiet", begin="22:30", end="06:15")
    assert "waits for their end" in page.words
    with app.app_context():
        assert [(q.begin_minute, q.end_minute) for q in db.session.query(QuietHours)] == [(1350, 375)]
    assert (
        "You have none." in browser.submit_and_follow(PAGE, f"{PAGE}/quiet", begin="08:00", end="08:00").words
    )


def test_a_person_pages_themselves_for_a_test(browser):
    assert "You are paged by your rules" in browser.submit_and_follow(PAGE, f"{PAGE}/try").words


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Say what it is."),
        ("address", "", "Enter an address."),
        ("address", "file:///etc/passwd", "Write ntfys://"),
        ("kind", "mail", "Not a valid choice"),
        ("kind", "web_push", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(browser, field, value, message):
    answer = browser.submit(f"{PAGE}/new", **GIVEN | {field: value})
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_the_app_can_be_installed_and_notified(stranger):
    manifest = stranger.client.get("/manifest.webmanifest")
    assert manifest.content_type == "application/manifest+json"
    assert manifest.json["start_url"] == "/"
    with stranger.client.get(manifest.json["icons"][0]["src"]) as icon:
        assert icon.status_code == 200
    worker = stranger.client.get("/sw.js")
    assert worker.content_type == "text/javascript; charset=utf-8"
    assert "showNotification" in worker.text


def test_a_browser_without_a_subscription_is_refused_in_words(app, browser):
    with app.app_context(), transaction():
        web_push.make_keys()
    page = browser.submit_and_follow(PAGE, f"{PAGE}/browser", subscription="{}")
    assert "Your browser gave no subscription" in page.words
