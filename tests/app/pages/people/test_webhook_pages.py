"""Pages of outgoing webhooks: added, seen, changed, turned off, given a new secret and deleted by hand."""

import re

import pytest

from app.incidents import service as incidents
from app.notify import outbox
from app.records.actors import SYSTEM
from app.records.channels import Channel
from app.severities import Severity

HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "quoted"'
GIVEN = {"name": "Status page", "url": "https://status.example.org/hooks/7c1e"}


@pytest.fixture
def made(admin):
    answer = admin.submit("/admin/webhooks/new", **GIVEN)
    assert answer.status_code == 201, answer.text
    return admin.read(answer)


def secret(page):
    return re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.words)[0]


def test_its_secret_is_shown_once(admin, made):
    assert made.h1 == "Status page"
    assert secret(made)
    page = admin.get("/admin/webhooks/1")
    assert "whsec_" not in page.words
    assert GIVEN["url"] in page.words
    assert "status.example.org" in admin.get("/admin/webhooks").words
    assert "7c1e" not in admin.get("/admin/webhooks").words
    renewed = admin.read(admin.submit("/admin/webhooks/1", "/admin/webhooks/1/renew"))
    assert secret(renewed) != secret(made)


def test_it_is_changed_turned_off_and_on_and_deleted(admin, made):
    page = admin.submit_and_follow("/admin/webhooks/1/edit", name="Board", url="")
    assert page.h1 == "Board"
    assert GIVEN["url"] in page.words
    assert "Turn on" in admin.submit_and_follow("/admin/webhooks/1", "/admin/webhooks/1/off").words
    assert "Turn off" in admin.submit_and_follow("/admin/webhooks/1", "/admin/webhooks/1/on").words
    page = admin.submit_and_follow("/admin/webhooks/1", "/admin/webhooks/1/delete")
    assert "No program is told yet" in page.words
    admin.get("/admin/webhooks/1", 404)


def test_a_refused_delivery_is_seen_and_sent_again(app, admin, made):
    with app.app_context():
        incidents.create(title=HOSTILE, severity=Severity.HIGH, actor=SYSTEM)
        message = outbox.claim("worker-1", Channel.WEBHOOK)
        outbox.mark_failed(message.id, "worker-1", error=f"It answered 422: {HOSTILE}", is_permanent=True)
    page = admin.get("/admin/webhooks/1")
    assert "It answered 422: <script>" in page.words
    assert "<script>alert" not in page.html
    again = f"/admin/webhooks/1/deliveries/{message.id}/replay"
    assert "sent once more" in admin.submit_and_follow("/admin/webhooks/1", again).words
    assert "Outgoing webhook" in admin.get("/admin/mails?channel=webhook").words


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Say what listens there."),
        ("url", "", "Enter an address."),
        ("url", "https://10.0.0.1/", "lies inside"),
        ("url", "javascript:alert(1)", "begins with https://"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(admin, field, value, message):
    answer = admin.submit("/admin/webhooks/new", **GIVEN | {field: value})
    assert answer.status_code == 422
    assert message in admin.read(answer).words
