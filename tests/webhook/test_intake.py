import contextlib
import http.client
import json
import sqlite3

import pytest

from tests.webhook.process import READER, SMALLEST, WRITER, alert, message

GOOD = {
    "the smallest useful message": SMALLEST % b"Smallest",
    "unknown fields everywhere": json.dumps(
        message(alert("Unknown", future={"a": [1]})) | {"notification_reason": "x", "routeLabels": {}}
    ).encode(),
    "no version": json.dumps({"alerts": [alert("NoVersion")]}).encode(),
    "an empty label value": json.dumps(message(alert("EmptyValue", labels={"team": ""}))).encode(),
    "Go's zero time as the end": json.dumps(message(alert("Zero", endsAt="0001-01-01T00:00:00Z"))).encode(),
    "nanoseconds and an offset": json.dumps(
        message(alert("Nano", starts_at="2026-11-23T16:04:05.123456789+01:00"))
    ).encode(),
    "an empty fingerprint": json.dumps(message(alert("EmptyPrint", fingerprint=""))).encode(),
    "text in other scripts": json.dumps(message(alert("Störung-日本-🔥")), ensure_ascii=False).encode(),
    "a label of the longest length": json.dumps(message(alert("Long", labels={"a": "x" * 4096}))).encode(),
    "Jinja and shell in labels": json.dumps(
        message(alert("Hostile", labels={"x": "{{ lookup('pipe','id') }} $(id) <script>"}))
    ).encode(),
}

BAD = {
    "nothing": (b"", "not JSON"),
    "no JSON": (b"alerts", "not JSON"),
    "half a message": (b'{"alerts":[', "not JSON"),
    "something behind the message": (SMALLEST % b"x" + b"x", "not JSON"),
    "NaN": (b'{"alerts":[{"status":"firing","labels":{"a":"b"},"x":NaN}]}', "not JSON"),
    "Infinity": (b'{"alerts":[{"status":"firing","labels":{"a":"b"},"x":-Infinity}]}', "not JSON"),
    "deep nesting": (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
    "a raw NUL": (SMALLEST % b"\x00", "not JSON"),
    "a list": (b"[]", "the body"),
    "null": (b"null", "the body"),
    "a number": (b"4", "the body"),
    "an empty object": (b"{}", "alerts"),
    "no alerts": (b'{"alerts":[]}', "alerts"),
    "alerts that are no list": (b'{"alerts":{}}', "alerts"),
    "an alert that is no object": (b'{"alerts":[1]}', "alerts[0]"),
    "no alert that is an object": (b'{"alerts":[null,[],"x"]}', "alerts[2]"),
    "another version": (b'{"version":"5","alerts":[{"status":"firing","labels":{"a":"b"}}]}', "version"),
    "too many alerts": (
        json.dumps({"alerts": [{"status": "firing", "labels": {"a": "b"}}] * 2001}).encode(),
        "alerts",
    ),
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_it_takes_a_good_body(webhook, body):
    answer = webhook.post(body)

    assert answer.status == 200, answer
    assert answer.json == {"accepted": 1, "duplicates": 0, "last_seq": answer.json["last_seq"]}
    assert webhook.events(answer.json["last_seq"] - 1)["events"][0]["status"] == "firing"


@pytest.mark.parametrize(("body", "reason"), BAD.values(), ids=BAD.keys())
@pytest.mark.fault("F15")
def test_it_refuses_a_bad_body_with_a_reason_and_stores_nothing(webhook, body, reason):
    before = webhook.events()["last_seq"]

    answer = webhook.post(body)

    assert answer.status == 400, answer
    assert reason in " ".join(answer.json["reasons"])
    assert "Traceback" not in answer.body
    assert webhook.events()["last_seq"] == before
    assert webhook.post(SMALLEST % b"Next").status == 200


def test_it_gives_at_most_five_reasons(webhook):
    answer = webhook.post({"alerts": [1] * 50})

    assert answer.status == 400
    assert len(answer.json["reasons"]) == 5


@pytest.mark.parametrize("path", ["/", "//", "/alerts", "/alerts/"])
def test_it_takes_alerts_at_each_of_its_addresses_without_a_redirect(webhook, path):
    assert webhook.post(SMALLEST % b"Path", path=path).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 405),
        ("PUT", "/alerts", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/events", 405),
        ("POST", "/healthz", 405),
        ("GET", "/nothing", 404),
        ("GET", "/static/x", 404),
        ("TRACE", "/", 405),
    ],
)
def test_it_answers_in_json_where_nothing_is_served(webhook, method, path, status):
    answer = webhook.request(method, path)

    assert answer.status == status, answer
    assert set(answer.json) == {"error", "reasons"}
    assert (status == 405) == ("Allow" in answer.headers)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer wrong-token-wrong-token", 401),
        (f"Bearer {WRITER}x", 401),
        (f"Bearer {WRITER[:-1]}", 401),
        (f"Basic {WRITER}", 401),
        (WRITER, 401),
        ("Bearer é", 401),
        (f"Bearer {READER}", 403),
        (f"bearer {WRITER}", 200),
        (f"Bearer  {WRITER}", 200),
    ],
)
@pytest.mark.threat("T1")
def test_only_the_writers_token_may_post(webhook, header, status):
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}

    answer = webhook.request("POST", "/", SMALLEST % b"Token", headers)

    assert answer.status == status, answer
    assert (status == 401) == ("WWW-Authenticate" in answer.headers)


def test_only_the_readers_token_may_read(webhook):
    assert webhook.get("/events").status == 401
    assert webhook.get("/events", token=WRITER).status == 403
    assert webhook.get("/events", token=READER).status == 200


def test_a_missing_fingerprint_and_start_are_filled_in(webhook):
    webhook.post({"alerts": [{"status": "firing", "labels": {"alertname": "Filled", "b": "1"}}]})

    event = webhook.events(webhook.events()["last_seq"] - 1)["events"][0]

    assert event["starts_at"] == event["received_at"]
    # The value github.com/prometheus/common's LabelSet.Fingerprint gives; checked with a real Alertmanager
    # in tests/contract.
    assert len(event["fingerprint"]) == 16


def test_truncated_alerts_are_counted(webhook):
    before = webhook.metric("oims_webhook_truncated_alerts_total")

    webhook.post(message(alert("Truncated")) | {"truncatedAlerts": 7})

    assert webhook.metric("oims_webhook_truncated_alerts_total") == before + 7


def test_posts_that_wait_share_a_commit_and_each_gets_its_own_answer(webhook):
    """The lock makes the first of them wait, so the others are there when it is done."""
    bodies = [json.dumps(message(alert(f"Share{n}"))) if n % 4 else "{" for n in range(16)]
    commits = webhook.metric("oims_journal_commit_seconds_count")
    with contextlib.ExitStack() as stack:
        clients = [http.client.HTTPConnection("127.0.0.1", webhook.port, timeout=10) for _ in bodies]
        blocker = sqlite3.connect(webhook.journal, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        for client, body in zip(clients, bodies, strict=True):
            stack.callback(client.close)
            client.request("POST", "/", body, {"Authorization": f"Bearer {WRITER}"})
        blocker.close()
        answers = [client.getresponse() for client in clients]
        numbers = [json.load(answer).get("last_seq") for answer in answers]

    assert [answer.status for answer in answers] == [200 if n % 4 else 400 for n in range(16)]
    assert len({number for number in numbers if number}) == 12
    assert webhook.metric("oims_journal_commit_seconds_count") - commits < 8


def test_the_same_delivery_two_hundred_times_is_one_event(webhook):
    body = message(alert("Repeated"))
    before = webhook.events()["last_seq"]

    answers = [webhook.post(body).json for _ in range(200)]

    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == 199
    assert webhook.events()["last_seq"] == before + 1


def test_metrics_have_the_type_prometheus_wants(webhook):
    webhook.post(b"{}")

    answer = webhook.get("/metrics", port=webhook.metrics_port)

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'oims_webhook_rejected_total{reason="invalid"}' in answer.body
    assert "oims_journal_commit_seconds_bucket" in answer.body
    assert webhook.metric("oims_journal_last_seq") == webhook.metric("oims_journal_rows")
    assert 0 < webhook.metric("oims_volume_free_bytes") <= webhook.metric("oims_volume_size_bytes")
    assert webhook.metric("oims_journal_last_seq") == webhook.events()["last_seq"]


GRAFANA = {
    "receiver": "oims",
    "status": "firing",
    "version": "1",
    "groupKey": "{}:{}",
    "truncatedAlerts": 0,
    "orgId": 1,
    "title": "[FIRING:1]",
    "state": "alerting",
    "externalURL": "https://g.example/",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "OfGrafana", "grafana_folder": "Ops"},
            "annotations": {"summary": "The queue is long"},
            "startsAt": "2026-11-27T14:13:00.374605697+02:00",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://g.example/alerting/grafana/abc/view",
            "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "https://g.example/alerting/silence/new?x",
            "dashboardURL": "",
            "panelURL": "javascript:alert(1)",
            "values": {"A": 97.1, "B": None},
            "valueString": "[ var='A' labels={} value=97.1 ]",
            "orgId": 1,
        }
    ],
}


@pytest.mark.compatible("C4")
def test_it_takes_what_grafana_sends_with_its_links(webhook):
    answer = webhook.post(GRAFANA)

    assert answer.status == 200, answer
    event = webhook.events(answer.json["last_seq"] - 1)["events"][0]
    assert (event["source"], event["starts_at"]) == ("grafana", "2026-11-27T12:13:00.374Z")
    assert event["annotations"] == {
        "summary": "The queue is long",
        "silence_url": "https://g.example/alerting/silence/new?x",
    }


def test_another_version_is_refused_with_what_to_do(webhook):
    answer = webhook.post(GRAFANA | {"version": "2"})

    assert answer.status == 400
    assert "Grafana" in answer.json["reasons"][0]
