"""Alerts without labels: each is kept aside with what came, and one that is repeated stays one."""

import json

import pytest

from tests.webhook.groups import sent_beside_a_good_one
from webhook.mending import UNREADABLE

START = "2026-11-23T15:04:05.123Z"

NO_LABELS = {
    "no labels": {"status": "firing", "startsAt": START},
    "empty labels": {"status": "firing", "labels": {}, "startsAt": START, "a": 1},
    "labels that are null": {"status": "firing", "labels": None, "startsAt": START, "a": 2},
    "labels that are text": {"status": "firing", "labels": "alertname=X", "startsAt": START},
    "labels that are a list": {"status": "firing", "labels": [{"name": "a"}], "startsAt": START},
    "nothing at all": {},
    "something else": {"hello": "world \x00 \ud800"},
}


@pytest.mark.parametrize("odd", NO_LABELS.values(), ids=NO_LABELS.keys())
def test_an_alert_without_labels_is_kept_aside_with_what_came(webhook, odd):
    _, event, _ = sent_beside_a_good_one(webhook, odd)

    assert event["labels"]["alertname"] == UNREADABLE
    assert json.loads(event["annotations"]["raw"]).keys() == odd.keys()
    again, further, _ = sent_beside_a_good_one(webhook, odd | {"values": {"A": 2}})
    assert (again.json["duplicates"], further) == (1, None)
    _, end, _ = sent_beside_a_good_one(webhook, odd | {"status": "resolved"})
    assert end["episode"] == event["episode"]


NUMBERS_CHANGE = [
    ({"annotations": {"summary": "Disk is 91 % full"}}, {"annotations": {"summary": "Disk is 99.5 % full"}}),
    ({"text": "slow for 5m, 12.5GB left"}, {"text": "slow for 10m, 3GB left"}),
    ({"text": "since 2026-11-27T10:00:00Z"}, {"text": "since 2026-11-27 10:05:01.5+01:00"}),
    ({"rule": "a", "value": 91, "ts": 1795446245}, {"rule": "a", "value": 92, "ts": 1795446305}),
    ({"labels": "disk full (91%)"}, {"labels": "disk full (92%)"}),
]
OTHERS = [
    ({"text": "db-1 is down"}, {"text": "db-2 is down"}),
    ({"text": "10.0.0.5:9100 is down"}, {"text": "10.0.0.6:9100 is down"}),
    ({"text": "sda1 is full"}, {"text": "sda2 is full"}),
    ({"id": 17}, {"id": 18}),
    ({"generatorURL": "https://g.example/7"}, {"generatorURL": "https://g.example/8"}),
]


@pytest.mark.parametrize(("odd", "later"), NUMBERS_CHANGE, ids=str)
def test_an_alert_without_labels_whose_numbers_change_is_the_same_alert(webhook, odd, later):
    _, event, _ = sent_beside_a_good_one(webhook, odd)

    _, further, _ = sent_beside_a_good_one(webhook, later)
    assert further is None
    _, end, _ = sent_beside_a_good_one(webhook, later | {"status": "resolved"})
    assert end["episode"] == event["episode"]


@pytest.mark.parametrize(("odd", "other"), OTHERS, ids=str)
def test_alerts_without_labels_of_other_things_are_other_alerts(webhook, odd, other):
    _, event, _ = sent_beside_a_good_one(webhook, odd)
    _, another, _ = sent_beside_a_good_one(webhook, other)

    assert another["fingerprint"] != event["fingerprint"]
