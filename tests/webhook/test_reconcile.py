"""The reconciler against an Alertmanager that answers as the test says; tests/contract has the real one."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.waiting import until
from tests.webhook.process import alert, message
from tests.webhook.test_episodes import event

pytestmark = pytest.mark.slow

PRINT = "00000000000000aa"
START = "2026-11-23T15:04:05.123Z"


class FakeAlertmanager:
    """Answers the two questions the reconciler asks."""

    def __init__(self):
        self.alerts, self.status, self.answers = [], 200, 0
        self.started_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        self.body = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                documents = {"/api/v2/status": {"uptime": fake.started_at}, "/api/v2/alerts": fake.alerts}
                body = fake.body or json.dumps(documents[self.path]).encode()
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                fake.answers += self.path == "/api/v2/alerts" or fake.status != 200

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def restart(self):
        self.started_at = datetime.now(UTC).isoformat()

    def looks(self, count=3):
        """Wait until it was asked some more times."""
        reached = self.answers + count
        until(lambda: self.answers >= reached)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def shown(fingerprint=PRINT, starts_at=START, state="active", receivers=("oims-webhook",), **more):
    return {
        "fingerprint": fingerprint,
        "startsAt": starts_at,
        "endsAt": "2099-01-01T00:00:00.000Z",
        "status": {"state": state, "silencedBy": [], "inhibitedBy": [], "mutedBy": []},
        "labels": {"alertname": "Shown"},
        "annotations": {},
        "generatorURL": "http://prometheus.example/",
        "receivers": [{"name": name} for name in receivers],
    } | more


@pytest.fixture
def alertmanager():
    fake = FakeAlertmanager()
    yield fake
    fake.close()


@pytest.fixture
def webhook(new_webhook, alertmanager):
    return new_webhook(
        OIMS_ALERTMANAGER_URL=alertmanager.url,
        OIMS_RECONCILE_INTERVAL="100ms",
        OIMS_RECONCILE_GONE_AFTER="1s",
    ).start()


def statuses(webhook):
    return [(row["status"], row["source"]) for row in webhook.events()["events"]]


def test_an_alert_that_never_arrived_is_recorded_once(webhook, alertmanager):
    alertmanager.alerts = [shown()]

    until(lambda: statuses(webhook) == [("firing", "reconcile")])
    alertmanager.looks()

    assert webhook.post(message(alert("Shown", fingerprint=PRINT, starts_at=START))).json["duplicates"] == 1
    assert statuses(webhook) == [("firing", "reconcile")]
    assert webhook.metric('oims_journal_reconciled_total{status="firing"}') == 1


def test_an_episode_that_is_gone_is_ended(webhook, alertmanager):
    webhook.post(message(alert("Gone", fingerprint=PRINT)))

    until(lambda: statuses(webhook) == [("firing", "alertmanager"), ("resolved", "reconcile")])

    first, second = webhook.events()["events"]
    assert second["episode"] == first["id"]
    assert second["labels"] == first["labels"]
    assert second["ends_at"] == second["received_at"]


def test_a_late_delivery_reopens_what_only_the_reconciler_had_ended(webhook, alertmanager):
    webhook.post(message(alert("Gone", fingerprint=PRINT)))
    until(lambda: len(statuses(webhook)) == 2)

    webhook.post(message(alert("Gone", fingerprint=PRINT)))

    events = webhook.events()["events"]
    assert [row["episode"] for row in events] == [events[0]["id"]] * 3


@pytest.mark.parametrize("state", ["active", "suppressed", "unprocessed"])
def test_an_alert_that_is_shown_in_any_state_is_not_gone(webhook, alertmanager, state):
    alertmanager.alerts = [shown(state=state)]
    webhook.post(message(alert("Shown", fingerprint=PRINT, starts_at=START)))

    alertmanager.looks(15)

    assert [row["status"] for row in webhook.events()["events"]] == ["firing"]


@pytest.mark.parametrize(
    "document",
    [
        shown(state="suppressed"),
        shown(state="unprocessed"),
        shown(receivers=("another",)),
        shown(receivers=()),
        shown(status=None),
        shown(receivers=()) | {"receivers": "oims-webhook"},
    ],
    ids=[
        "silenced",
        "unprocessed",
        "not ours",
        "nobody's",
        "no status",
        "odd receivers",
    ],
)
def test_an_alert_that_would_not_be_delivered_is_not_recorded_and_spoils_no_other(
    webhook, alertmanager, document
):
    alertmanager.alerts = [document, shown("00000000000000bb")]

    until(lambda: len(statuses(webhook)) == 1)
    alertmanager.looks()

    assert [row["fingerprint"] for row in webhook.events()["events"]] == ["00000000000000bb"]


@pytest.mark.parametrize("labels", [{"alertname": "x" * 5000}, None, {"alertname": 7}], ids=str)
def test_an_alert_of_an_odd_form_is_recorded_once(webhook, alertmanager, labels):
    alertmanager.alerts = [shown(PRINT, labels=labels)]

    until(lambda: len(statuses(webhook)) == 1)
    alertmanager.looks(10)

    assert [row["fingerprint"] for row in webhook.events()["events"]] == [PRINT]


def test_nothing_is_ended_while_alertmanager_answers_with_an_error(webhook, alertmanager):
    alertmanager.status = 500
    webhook.post(message(alert("Kept", fingerprint=PRINT)))

    alertmanager.looks(20)

    assert statuses(webhook) == [("firing", "alertmanager")]
    assert webhook.metric("oims_journal_reconcile_failures_total") >= 10


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"<html>", b"[1,", b'{"uptime": 7}'])
def test_nothing_is_ended_by_an_answer_of_another_form(webhook, alertmanager, body):
    alertmanager.body = body
    webhook.post(message(alert("Kept", fingerprint=PRINT)))

    until(lambda: webhook.metric("oims_journal_reconcile_failures_total") >= 15)

    assert statuses(webhook) == [("firing", "alertmanager")]


def test_nothing_is_ended_while_alertmanager_is_away(webhook, alertmanager):
    alertmanager.close()
    webhook.post(message(alert("Kept", fingerprint=PRINT)))

    until(lambda: webhook.metric("oims_journal_reconcile_failures_total") >= 15)

    assert statuses(webhook) == [("firing", "alertmanager")]


def test_nothing_is_ended_by_an_alertmanager_that_has_just_started(webhook, alertmanager):
    webhook.post(message(alert("Kept", fingerprint=PRINT)))
    for _ in range(25):
        alertmanager.restart()
        alertmanager.looks(1)

    assert statuses(webhook) == [("firing", "alertmanager")]


def test_being_gone_counts_anew_after_a_failed_look(webhook, alertmanager):
    webhook.post(message(alert("Kept", fingerprint=PRINT)))
    for _ in range(6):
        alertmanager.looks(3)
        alertmanager.status = 503
        alertmanager.looks(1)
        alertmanager.status = 200

    assert statuses(webhook) == [("firing", "alertmanager")]


def test_being_gone_counts_anew_after_a_delivery(webhook, alertmanager):
    for _ in range(6):
        webhook.post(message(alert("Kept", fingerprint=PRINT)))
        alertmanager.looks(3)

    assert statuses(webhook) == [("firing", "alertmanager")]


def test_an_alert_that_burns_again_with_its_old_start_is_taken_up_again(webhook, alertmanager):
    """Alertmanager resolves what Prometheus could not send for a while, then gets it again."""
    webhook.post(message(alert("Shown", fingerprint=PRINT, starts_at=START)))
    webhook.post(message(alert("Shown", "resolved", fingerprint=PRINT, starts_at=START)))
    assert webhook.post(message(alert("Shown", fingerprint=PRINT, starts_at=START))).json["duplicates"] == 1

    alertmanager.alerts = [shown()]

    until(lambda: statuses(webhook)[-1] == ("firing", "reconcile"))
    events = webhook.events()["events"]
    assert [row["episode"] for row in events] == [events[0]["id"]] * 3
    alertmanager.looks()
    assert len(statuses(webhook)) == 3


def test_what_an_alert_says_now_is_recorded_though_no_delivery_tells_it(
    new_webhook, new_journal, alertmanager
):
    webhook = new_webhook(OIMS_ALERTMANAGER_URL=alertmanager.url, OIMS_RECONCILE_INTERVAL="100ms")
    told = event("firing", START, fingerprint=PRINT, at=START) | {"annotations": {"summary": "91 % full"}}
    new_journal(str(webhook.journal)).append([told])
    alertmanager.alerts = [shown(annotations={"summary": "99 % full"})]

    webhook.start()

    until(lambda: len(statuses(webhook)) == 2)
    alertmanager.alerts = [shown(annotations={"summary": "99.1 % full"})]
    alertmanager.looks()
    events = webhook.events()["events"]
    assert [row["annotations"]["summary"] for row in events] == ["91 % full", "99 % full"]
    assert events[1]["episode"] == events[0]["id"]


@pytest.mark.compatible("C4")
def test_what_grafana_delivered_is_not_ended_by_alertmanager_not_showing_it(webhook, alertmanager):
    webhook.post(message(alert("OfGrafana", fingerprint=PRINT)) | {"version": "1", "receiver": "grafana"})

    alertmanager.looks(20)
    assert statuses(webhook) == [("firing", "grafana")]

    webhook.post(
        message(alert("OfGrafana", "resolved", fingerprint=PRINT)) | {"version": "1", "receiver": "grafana"}
    )
    assert statuses(webhook)[1:] == [("resolved", "grafana")]


def test_what_alertmanager_did_not_deliver_is_taken_up_without_its_word(
    new_webhook, new_journal, alertmanager
):
    """Each ended long ago and was delivered firing soon after, with its old start."""
    webhook = new_webhook(OIMS_ALERTMANAGER_URL=alertmanager.url)
    senders = {"aa": ("grafana", "ops"), "bb": ("alertmanager", ""), "cc": ("alertmanager", "oims-webhook")}
    journal = new_journal(str(webhook.journal))
    for mark, (source, receiver) in senders.items():
        for status in ("firing", "resolved", "firing"):
            row = event(status, START, fingerprint=f"00000000000000{mark}", at=START, source=source)
            journal.append([row | {"receiver": receiver}])

    webhook.start()

    until(lambda: len(statuses(webhook)) == 8)
    assert sorted(statuses(webhook)[6:]) == [("firing", "alertmanager"), ("firing", "grafana")]
    assert [row["fingerprint"][-2:] for row in webhook.events(6)["events"]] == ["aa", "bb"]
