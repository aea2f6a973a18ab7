"""Alerts of an odd form: each is taken, mended or kept aside, and none costs the others of its group."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.webhook.groups import numbers, sent_beside_a_good_one
from tests.webhook.process import READER, alert
from webhook.fingerprints import fingerprint
from webhook.mending import CUT, NOTICE

START = "2026-11-23T15:04:05.123Z"
LONG = "kernel: ata1.00: failed command: READ FPDMA QUEUED\n" * 400
MANY = {f"label_{number:03}": "x" for number in range(150)}


MENDED = {
    "a long annotation": ({"annotations": {"description": LONG}}, "annotations", "description", LONG[:100]),
    "a long label": ({"labels": {"log": "x" * 5000}}, "labels", "log", "xxx"),
    "NUL in a label": ({"labels": {"log": "a\x00b"}}, "labels", "log", "a\ufffdb"),
    "NUL in an annotation": ({"annotations": {"log": "a\x00b"}}, "annotations", "log", "a\ufffdb"),
    "a number as label": ({"labels": {"code": 500}}, "labels", "code", "500"),
    "a boolean as label": ({"labels": {"on": True}}, "labels", "on", "true"),
    "null as label": ({"labels": {"team": None}}, "labels", "team", ""),
    "an object as label": ({"labels": {"team": {"a": [1]}}}, "labels", "team", '{"a":[1]}'),
    "a label without a name": ({"labels": {"": "x"}}, "labels", "_", "x"),
    "a long name": ({"labels": {"n" * 300: "x"}}, "labels", "n" * (256 - len(CUT)) + CUT, "x"),
    "a number as annotation": ({"annotations": {"value": 97.5}}, "annotations", "value", "97.5"),
    "annotations that are text": ({"annotations": "disk"}, "annotations", "annotations", "disk"),
    "the severity behind 150 labels": (
        {"labels": MANY | {"severity": "critical"}},
        "labels",
        "severity",
        "critical",
    ),
}


@pytest.mark.parametrize(("odd", "part", "name", "value"), MENDED.values(), ids=MENDED.keys())
def test_an_odd_alert_is_mended_and_says_so(webhook, odd, part, name, value):
    odd = {"annotations": {}} | odd
    _, event, _ = sent_beside_a_good_one(webhook, alert(f"Odd{next(numbers)}", **odd))

    assert event[part][name].startswith(value)
    assert "Changed when it came in" in event["annotations"][NOTICE]


def test_what_is_cut_is_marked_as_cut(webhook):
    _, event, _ = sent_beside_a_good_one(webhook, alert("Cut", annotations={"description": LONG}))

    assert event["annotations"]["description"].endswith(CUT)
    assert len(event["annotations"]["description"]) == 16_384


def test_names_that_are_the_same_once_they_are_cut_keep_all_values(webhook):
    long = {"n" * 300 + end: end for end in "abc"} | {"\x00": "d", "\x01": "e"}
    _, event, _ = sent_beside_a_good_one(webhook, alert("Same", labels=long))

    assert set(event["labels"].values()) >= {"a", "b", "c", "d", "e"}
    assert max(map(len, event["labels"])) == 256


@pytest.mark.parametrize("names", [["", "_", "a\x01", "a\x02"], ["a\x02", "_", "a\x01", ""]])
def test_names_that_are_made_the_same_get_the_same_numbers_in_any_order(webhook, names):
    labels = {name: name.replace("\x01", "1").replace("\x02", "2") or "none" for name in names}
    _, event, _ = sent_beside_a_good_one(webhook, alert(f"Order{next(numbers)}", labels=labels))

    del event["labels"]["alertname"]
    assert event["labels"] == {"_": "_", "_ (2)": "none", "a\ufffd": "a1", "a\ufffd (2)": "a2"}


@pytest.mark.parametrize("field", ["annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"])
def test_a_field_that_is_null_is_as_one_that_is_missing(webhook, field):
    _, event, _ = sent_beside_a_good_one(webhook, alert(f"Null-{field}") | {field: None})

    assert event["labels"] == {"alertname": f"Null-{field}"}


TIMES = {
    "a leap second": ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59.999Z"),
    "no zone": ("2026-11-23T15:04:05", "2026-11-23T15:04:05.000Z"),
    "a space": ("2026-11-23 15:04:05Z", "2026-11-23T15:04:05.000Z"),
    "small letters": ("2026-11-23t15:04:05z", "2026-11-23T15:04:05.000Z"),
    "an offset without a colon": ("2026-11-23T16:04:05+0100", "2026-11-23T15:04:05.000Z"),
    "fifteen digits of a second": ("2026-11-23T15:04:05.123456789012345Z", "2026-11-23T15:04:05.123Z"),
    "midnight at the end of the day": ("2026-11-23T24:00:00Z", "2026-11-24T00:00:00.000Z"),
    "midnight at the end of February": ("2026-02-28 24:00+01:00", "2026-02-28T23:00:00.000Z"),
    "an offset of three quarters": ("2026-11-23T20:49:05+05:45", "2026-11-23T15:04:05.000Z"),
    "as Go prints it": ("2026-11-23 15:04:05.123456789 +0000 UTC", "2026-11-23T15:04:05.123Z"),
    "as Go prints it elsewhere": ("2026-11-23 20:49:05 +0545 +0545 m=+0.012", "2026-11-23T15:04:05.000Z"),
    "as Java prints it": ("2026-11-23T16:04:05+01:00[Europe/Berlin]", "2026-11-23T15:04:05.000Z"),
    "ISO 8601 without marks": ("20261123T150405Z", "2026-11-23T15:04:05.000Z"),
    "a day of a week": ("2026-W48-1T15:04:05Z", "2026-11-23T15:04:05.000Z"),
    "the date of a mail": ("Mon, 23 Nov 2026 16:04:05 +0100", "2026-11-23T15:04:05.000Z"),
    "the date of HTTP": ("Mon, 23 Nov 2026 15:04:05 GMT", "2026-11-23T15:04:05.000Z"),
    "Unix seconds": (1795446245, "2026-11-23T15:04:05.000Z"),
    "Unix seconds with a fraction": (1795446245.25, "2026-11-23T15:04:05.250Z"),
    "Unix milliseconds": (1795446245123, "2026-11-23T15:04:05.123Z"),
    "Unix nanoseconds": (1795446245123456789, "2026-11-23T15:04:05.123Z"),
    "Unix seconds as text": ("1795446245", "2026-11-23T15:04:05.000Z"),
}
NO_TIMES = [
    "",
    0,
    "0000-00-00T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-01:00",
    "2026-02-30T15:04:05Z",
    "0500-01-01T00:00:00Z",
    "yesterday",
    "2026-11-28",
    "2026-11-28T24:01:00Z",
    "2026-11-28T08:30:00+25:00",
    "28.11.2026 08:30",
    "Mon, 99 Nov 2026 16:04:05 +9999",
    "23 Nov 2026 16:04:05 CET",
    "2026-11-23 16:04:05 CET",
    "2026-11-23T16:04:05[Europe/Berlin]",
    {"seconds": 1795446245},
    [2026, 11, 28],
    -1,
    1e300,
    True,
    {},
    "1" * 5000,
]


@pytest.mark.parametrize(("written", "read"), TIMES.values(), ids=TIMES.keys())
def test_an_odd_time_is_read(webhook, written, read):
    _, event, _ = sent_beside_a_good_one(webhook, alert(f"Time{next(numbers)}", starts_at=written))

    assert event["starts_at"] == read


@pytest.mark.parametrize("written", NO_TIMES, ids=str)
def test_a_start_that_cant_be_read_is_the_time_of_receipt_and_repeats_are_repeats(webhook, written):
    odd = alert("NoTime", starts_at=written, labels={"t": f"{written!r}"[:50]})
    _, event, _ = sent_beside_a_good_one(webhook, odd)

    assert event["starts_at"] == event["received_at"]
    again, further, _ = sent_beside_a_good_one(webhook, odd)
    assert again.json["duplicates"] == 1
    assert further is None

    _, end, _ = sent_beside_a_good_one(webhook, odd | {"status": "resolved"})
    assert (end["status"], end["episode"]) == ("resolved", event["episode"])
    _, end_again, _ = sent_beside_a_good_one(webhook, odd | {"status": "resolved"})
    assert end_again is None


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Firing", "firing"),
        ("ALERTING", "firing"),
        ("resolved ", "resolved"),
        ("OK", "resolved"),
        ("?", "firing"),
        (None, "firing"),
        (1, "firing"),
        ({}, "firing"),
    ],
)
def test_a_word_for_the_status_is_understood_and_an_unknown_one_means_firing(webhook, word, status):
    _, event, _ = sent_beside_a_good_one(webhook, alert("Word", labels={"w": f"{word}"}) | {"status": word})

    assert event["status"] == status


def test_labels_that_differ_in_half_a_surrogate_pair_are_two_alerts(webhook):
    name = f"Odd{next(numbers)}"
    events = [
        sent_beside_a_good_one(webhook, alert(name, labels={"alertname": name, "x": half}))[1]
        for half in ("\ud800", "\ud801")
    ]

    assert events[0]["fingerprint"] != events[1]["fingerprint"]


@pytest.mark.parametrize("empty", ["", None])
def test_a_label_without_a_value_is_as_one_that_is_missing(webhook, empty):
    name = f"Odd{next(numbers)}"
    sent_beside_a_good_one(webhook, alert(name, labels={"alertname": name}))
    _, repeat, _ = sent_beside_a_good_one(webhook, alert(name, labels={"alertname": name, "team": empty}))

    assert repeat is None


@pytest.mark.parametrize("given", ["../../etc", "0123456789abcdef\n", "0123456789ABCDEF", 7, [], "x" * 9999])
def test_a_bad_fingerprint_is_computed_from_the_labels_as_they_came(webhook, given):
    labels = {"alertname": "Print", "log": "x" * 5000, "given": str(given)[:20]}

    _, event, _ = sent_beside_a_good_one(webhook, alert(labels=labels, fingerprint=given))

    assert event["fingerprint"] == fingerprint(labels)


@pytest.mark.parametrize("odd", [None, 1, "alert", [], [{}], True])
def test_what_is_no_alert_is_refused_alone_and_counted(webhook, odd):
    before = webhook.metric('oims_webhook_odd_alerts_total{outcome="refused"}')

    answer, event, _ = sent_beside_a_good_one(webhook, odd)

    assert event is None
    assert answer.json["refused"] == 1
    assert "alerts[0]" in answer.json["reasons"][0]
    assert webhook.metric('oims_webhook_odd_alerts_total{outcome="refused"}') == before + 1
    assert webhook.events()["refused"]["reason"] == "invalid"


RAW = {
    "half a surrogate pair": ("Half", b'{"labels":{"alertname":"Half\\ud800"}}'),
    "half a pair in a name": ("Name", b'{"labels":{"alertname":"Name","\\udc00":"x"}}'),
    "bytes that are not UTF-8": ("Bytes", b'{"labels":{"alertname":"Bytes\xff\xfe"}}'),
    "a number of many digits": ("Digits", b'{"labels":{"alertname":"Digits","n":%b}}' % (b"9" * 5000)),
    "a number past the largest": ("Large", b'{"labels":{"alertname":"Large","n":1e999}}'),
    "500 brackets": ("Deep", b'{"labels":{"alertname":"Deep","n":%b}}' % (b"[" * 500 + b"]" * 500)),
}


@pytest.mark.parametrize(("name", "odd"), RAW.values(), ids=RAW.keys())
def test_json_that_few_readers_like_is_read(webhook, name, odd):
    _, event, _ = sent_beside_a_good_one(webhook, odd)

    assert event["labels"]["alertname"].startswith(name)


def test_the_newest_refusal_is_told_to_those_who_read(new_webhook):
    webhook = new_webhook().start()
    assert webhook.events()["refused"] is None

    webhook.post(b"{")

    assert webhook.events()["refused"]["reason"] == "invalid"
    assert webhook.get("/readyz").json["refused"]["reason"] == "invalid"
    webhook.post({"alerts": [alert()]}, token=READER)
    assert webhook.events()["refused"]["reason"] == "forbidden"


@pytest.mark.threat("T1")
def test_who_has_no_token_of_ours_moves_nothing_that_people_see(new_webhook):
    webhook = new_webhook().start()
    before = webhook.metric('oims_webhook_rejected_total{reason="unauthorized"}')

    for token in ("", "wrong-token-wrong-token"):
        for body in ({"alerts": [alert()]}, b"{", b"x" * 2_000_000):
            assert webhook.post(body, token=token).status == 401

    assert webhook.events()["refused"] is None
    assert webhook.get("/readyz").json["refused"] is None
    assert webhook.metric('oims_webhook_rejected_total{reason="unauthorized"}') == before + 6


text = st.text(max_size=30) | st.sampled_from(["firing", "resolved", START, "", "\x00", "x" * 20_000])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "status": values,
        "labels": values | st.dictionaries(text, values, max_size=120),
        "annotations": values,
        "startsAt": values,
        "endsAt": values,
        "generatorURL": values,
        "fingerprint": values,
    },
)


@settings(
    max_examples=100,
    deadline=10_000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(odd=fields | st.dictionaries(text, values, max_size=5))
def test_any_object_beside_a_good_alert_leaves_the_good_one_in_the_journal(webhook, odd):
    sent_beside_a_good_one(webhook, odd)
