"""A real Alertmanager and a real webhook: what they say to each other is what each expects."""

import contextlib
import http.client
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from tests.processes import free_port
from tests.waiting import until
from tests.webhook.process import READER, WRITER, WebhookProcess
from webhook.fingerprints import fingerprint


class Alertmanager:
    """The real program with one route to the webhook."""

    options = ()

    def __init__(self, binary, folder, target, token=WRITER):
        self.binary, self.folder, self.port = binary, folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "token").write_text(token)
        (folder / "alertmanager.yml").write_text(
            json.dumps(
                {
                    "route": {
                        "receiver": "oims-webhook",
                        "group_by": ["alertname"],
                        "group_wait": "100ms",
                        "group_interval": "1s",
                        "repeat_interval": "1h",
                        "routes": [{"receiver": "nobody", "matchers": ['team="nobody"']}],
                    },
                    "receivers": [
                        {"name": "nobody"},
                        {
                            "name": "oims-webhook",
                            "webhook_configs": [
                                {
                                    "url": target,
                                    "http_config": {
                                        "authorization": {"credentials_file": str(folder / "token")}
                                    },
                                }
                            ],
                        },
                    ],
                }
            )
        )

    def start(self):
        command = [
            self.binary,
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--enable-feature=utf8-strict-mode",
            *self.options,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: self._ask("GET", "/-/ready") == 200, 30)
        return self

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def put(self, *alerts):
        """What Prometheus does every time it sends its alerts."""
        assert self._ask("POST", "/api/v2/alerts", json.dumps(alerts).encode()) == 200

    def silence(self, document):
        """What a person does in its pages."""
        assert self._ask("POST", "/api/v2/silences", json.dumps(document).encode()) == 200

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request(method, path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        return None


def firing(name, **labels):
    return {"labels": {"alertname": name} | labels, "annotations": {"summary": "It burns"}}


def resolved(name, **labels):
    now = datetime.now(UTC)
    times = {
        "startsAt": (now - timedelta(hours=1)).isoformat(),
        "endsAt": (now - timedelta(seconds=1)).isoformat(),
    }
    return firing(name, **labels) | times


@pytest.fixture
def webhook(tmp_path):
    (tmp_path / "webhook").mkdir()
    process = WebhookProcess(
        tmp_path / "webhook", OIMS_RECONCILE_INTERVAL="200ms", OIMS_RECONCILE_GONE_AFTER="3s"
    )
    yield process
    process.end()


@pytest.fixture
def alertmanager(program, webhook, tmp_path):
    (tmp_path / "alertmanager").mkdir()
    one = Alertmanager(program, tmp_path / "alertmanager", f"http://127.0.0.1:{webhook.port}/")
    one.start()
    yield one
    one.kill()


def seen(webhook, name):
    return [row for row in webhook.events()["events"] if row["labels"]["alertname"] == name]


@pytest.mark.compatible("C1")
def test_an_alert_arrives_and_its_end_does(webhook, alertmanager):
    webhook.start()
    alertmanager.put(firing("Burns", severity="critical"))

    (first,) = until(lambda: seen(webhook, "Burns"))
    assert (first["status"], first["receiver"], first["source"]) == ("firing", "oims-webhook", "alertmanager")
    assert first["annotations"] == {"summary": "It burns"}
    assert first["ends_at"] is None

    now = datetime.now(UTC).isoformat()
    alertmanager.put(firing("Burns", severity="critical") | {"startsAt": first["starts_at"], "endsAt": now})
    second = until(lambda: seen(webhook, "Burns")[1:])[0]
    assert (second["status"], second["episode"]) == ("resolved", first["id"])
    assert second["ends_at"] is not None


@pytest.mark.parametrize(
    "labels", [{}, {"a": "1", "B": "2", "_": "3"}, {"störung": "日本 🔥", "x": 'quotes " and \\'}], ids=str
)
def test_a_missing_fingerprint_is_computed_as_alertmanager_does(webhook, alertmanager, labels):
    webhook.start()
    alertmanager.put(firing("Print", **labels))

    (row,) = until(lambda: seen(webhook, "Print"))

    assert fingerprint(row["labels"]) == row["fingerprint"]


def test_an_alert_is_delivered_when_the_webhook_comes_back(webhook, alertmanager):
    alertmanager.put(firing("Early"))
    webhook.start()

    assert len(until(lambda: seen(webhook, "Early"), 30)) == 1


@pytest.mark.fault("F10")
def test_an_alertmanager_that_was_killed_delivers_again_and_nothing_is_doubled(webhook, alertmanager):
    webhook.start()
    alert = firing("Again") | {"startsAt": "2026-11-23T10:00:00.000Z", "endsAt": "2099-01-01T00:00:00Z"}
    alertmanager.put(alert)
    until(lambda: seen(webhook, "Again"))

    alertmanager.kill()
    alertmanager.start()
    alertmanager.put(alert)

    until(lambda: webhook.metric('oims_webhook_alerts_total{result="duplicate"}') >= 1)
    assert len(seen(webhook, "Again")) == 1


@pytest.mark.fault("F13")
def test_an_alert_whose_deliveries_are_all_refused_is_found_by_the_reconciler(webhook, alertmanager):
    """The token is wrong, so Alertmanager can't deliver; what it shows is recorded all the same, once."""
    (alertmanager.folder / "token").write_text("a-wrong-token-of-a-test")
    webhook.settings["OIMS_ALERTMANAGER_URL"] = alertmanager.url
    webhook.start()
    alertmanager.put(firing("Refused"), firing("Elsewhere", team="nobody"))

    (row,) = until(lambda: seen(webhook, "Refused"))
    assert row["source"] == "reconcile"

    (alertmanager.folder / "token").write_text(WRITER)
    until(lambda: webhook.metric('oims_webhook_alerts_total{result="duplicate"}') >= 1, 30)
    assert len(seen(webhook, "Refused")) == 1
    assert seen(webhook, "Elsewhere") == []


@pytest.mark.compatible("C1")
def test_an_end_that_was_never_delivered_is_found_by_the_reconciler(webhook, alertmanager):
    webhook.settings["OIMS_ALERTMANAGER_URL"] = alertmanager.url
    webhook.start()
    webhook.post({"alerts": [{"status": "firing", "labels": {"alertname": "Forgotten"}}]})

    rows = until(lambda: seen(webhook, "Forgotten")[1:], 30)

    assert [(row["status"], row["source"]) for row in rows] == [("resolved", "reconcile")]


@pytest.mark.fault("F14")
@pytest.mark.compatible("C1")
def test_a_restart_of_alertmanager_ends_nothing(webhook, alertmanager):
    webhook.settings |= {"OIMS_ALERTMANAGER_URL": alertmanager.url, "OIMS_RECONCILE_GONE_AFTER": "4s"}
    webhook.start()
    alert = firing("Lives") | {"startsAt": "2026-11-23T10:00:00.000Z", "endsAt": "2099-01-01T00:00:00Z"}
    alertmanager.put(alert)
    until(lambda: seen(webhook, "Lives"))

    shutil.rmtree(alertmanager.folder / "data")
    alertmanager.kill()
    alertmanager.start()
    before = webhook.metric("oims_journal_reconcile_failures_total")
    alertmanager.put(alert)
    until(lambda: webhook.metric('oims_webhook_alerts_total{result="duplicate"}') >= 1)

    assert [row["status"] for row in seen(webhook, "Lives")] == ["firing"]
    assert webhook.metric("oims_journal_reconcile_failures_total") == before


@pytest.mark.compatible("C1")
def test_what_is_silenced_is_told_with_who_why_and_until_when(webhook, alertmanager):
    webhook.settings["OIMS_ALERTMANAGER_URL"] = alertmanager.url
    webhook.start()
    until_when = (
        (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    matcher = {"name": "alertname", "value": "Quiet", "isRegex": False, "isEqual": True}
    words = {"createdBy": "ann", "comment": "Moving the disks", "endsAt": until_when}
    alertmanager.silence({"matchers": [matcher], "startsAt": datetime.now(UTC).isoformat(), **words})
    alertmanager.put(firing("Quiet"), firing("Loud"))

    (row,) = until(lambda: seen(webhook, "Loud"))
    told = until(lambda: webhook.get("/mutes", token=READER).json["alerts"])
    silence = {"created_by": "ann", "comment": "Moving the disks", "ends_at": until_when}
    assert [(one["silences"], one["inhibited_by"], one["muted_by"]) for one in told] == [([silence], [], [])]
    assert told[0]["fingerprint"] == fingerprint({"alertname": "Quiet"})
    assert row["fingerprint"] != told[0]["fingerprint"]

    alertmanager.kill()
    until(lambda: webhook.get("/mutes", token=READER).json == {"is_known": False, "alerts": []})
    alertmanager.start()
    assert webhook.get("/mutes", token=WRITER).status == 403
