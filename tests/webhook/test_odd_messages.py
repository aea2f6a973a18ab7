"""Messages of an odd form: their encoding, and what stands beside the alerts."""

import json

import pytest

from tests.webhook.groups import numbers
from tests.webhook.process import alert, message

MARKED = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: MARKED + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
    ],
    ids=["UTF-8 with a mark", "UTF-16 with a mark", "UTF-16", "UTF-32"],
)
def test_a_message_in_another_encoding_of_unicode_is_read(webhook, encode):
    name = f"Störung{next(numbers)}"

    answer = webhook.post(encode(json.dumps({"alerts": [alert(name)]}, ensure_ascii=False)))

    assert answer.json["accepted"] == 1
    assert webhook.events(answer.json["last_seq"] - 1)["events"][0]["labels"]["alertname"] == name


@pytest.mark.parametrize(
    "odd",
    [
        {"groupKey": "x" * 20_000},
        {"groupKey": None},
        {"receiver": 1},
        {"truncatedAlerts": -1},
        {"version": 4},
    ],
    ids=str,
)
def test_an_odd_field_of_the_message_spoils_nothing(webhook, odd):
    assert webhook.post(message(alert("Field")) | odd).status == 200
