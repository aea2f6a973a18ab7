"""No value that is sent makes the webhook fail, at any door, with either journal; the next alert is taken."""

import json
from itertools import count

import pytest

from tests.webhook.process import READER, WRITER, alert, message, running

RUN = "x" * 1_000_000
TEXTS = {
    "NUL": "x\x00y",
    "half a surrogate pair": "\ud800",
    "2^63": str(2**63),
    "10^25": str(10**25),
    "5,000 digits": "9" * 5000,
    "1 MB": RUN,
}
VALUES = TEXTS | {
    "the number 2^63": 2**63,
    "the number -2^63-1": -(2**63) - 1,
    "the number 10^25": 10**25,
    "a large float": 1e308,
    "a list": [2**63],
    "an object": {"a": "\x00"},
    "null": None,
    "true": True,
}
IN_ADDRESSES = ("1-%00", "%00", "%ED%A0%80", str(2**63), str(10**25), "9" * 5000, "-1", "%FF")
DOORS = ("/", "/alerts", "/events", "/mutes", "/healthz", "/readyz", "/nowhere")
numbers = count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def webhook(request, tmp_path_factory):
    settings = {}
    if request.param == "postgresql":
        settings["OIMS_WEBHOOK_JOURNAL"] = request.getfixturevalue("postgres_url")
    with running(tmp_path_factory.mktemp("doors"), **settings) as process:
        yield process


@pytest.fixture(autouse=True)
def goes_on(webhook):
    """After each test the same process stores an alert and gives it out."""
    yield
    before, name = webhook.events(0, limit=1)["last_seq"], f"After{next(numbers)}"
    assert webhook.post(message(alert(name))).status == 200
    (event,) = webhook.events(before)["events"]
    assert event["labels"] == {"alertname": name}
    assert webhook.process.poll() is None
    webhook.lines()


@pytest.mark.threat("T22")
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_in_each_place_of_a_message(webhook, value):
    name = f"Odd{next(numbers)}"
    fields = ("status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint")
    odd = [alert(f"{name}-{field}") | {field: value} for field in fields]
    odd += [
        alert(f"{name}-{part}") | {part: {"alertname": name, "a": value}}
        for part in ("labels", "annotations")
    ]
    whole = ("receiver", "groupKey", "version", "externalURL", "truncatedAlerts", "commonLabels")
    bodies = [message(one) for one in odd] + [message(alert(name)) | {field: value} for field in whole]
    for path in ("/", "/alerts"):
        answers = [webhook.post(body, path=path) for body in bodies]
        assert [answer for answer in answers if answer.status not in {200, 400, 413}] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b"9" * 5000,
        b"[" * 100_000,
        b'"' + RUN.encode() + b'"',
        b'{"alerts":"\xed\xa0\x80"}',
    ],
    ids=range(7),
)
def test_a_body_that_is_no_message(webhook, body):
    for path in ("/", "/alerts"):
        assert webhook.post(body, path=path).status == 400


@pytest.mark.parametrize("value", IN_ADDRESSES)
def test_a_value_in_an_address(webhook, value):
    for door in DOORS:
        for path in (f"{door}?after={value}&limit={value}&wait={value}", f"{door.rstrip('/')}/{value}"):
            for method in ("GET", "POST", "PUT", "DELETE"):
                token = READER if method == "GET" else WRITER
                answer = webhook.request(method, path, b"{}", {"Authorization": f"Bearer {token}"})
                assert answer.status < 500, (method, path, answer)
    for name in ("after", "limit", "wait"):
        assert webhook.get(f"/events?{name}={value}", token=READER).status == 400


@pytest.mark.parametrize(
    "value", ["Bearer \x01", "Bearer é", "Bearer " + "9" * 5000, "Basic %00", str(10**25)]
)
def test_a_value_in_a_header(webhook, value):
    content = json.dumps(message(alert())).encode()
    for name in ("Authorization", "Content-Type", "X-Request-ID", "Accept", "Idempotency-Key"):
        headers = {"Authorization": f"Bearer {WRITER}"} | {name: value.encode()}
        assert webhook.request("POST", "/", content, headers).status < 500, name
