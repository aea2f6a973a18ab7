"""Events: the signature, and what a log line may and may not do."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.events.lines import MAX_LINE, LineReader
from contract.signing import canonical, is_genuine, signature
from tests.automation.doubles import KEY, make_event

VECTORS = json.loads((Path(__file__).parents[1] / "contract" / "signing_vectors.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_it_signs_as_the_webhook_does(vector):
    key = vector["key"].encode()
    assert canonical(vector["event"]) == vector["canonical"]
    assert signature(canonical(vector["event"]), key) == vector["sig"]
    assert is_genuine(json.loads(vector["line"]), key)
    assert not is_genuine(json.loads(vector["line"]), b"another key")


def event(**changes):
    return {**make_event(1, "Broken", "firing", "f", "e"), **changes}


def test_a_signed_line_is_an_event():
    reader = LineReader(KEY.encode())
    assert reader.read(json.dumps(event())).alertname == "Broken"
    assert reader.counts == {"event": 1}


def test_the_prefix_of_kubectl_is_skipped():
    line = "[pod/oims-webhook-0/webhook] 2026-11-23T15:04:05.123456789Z " + json.dumps(event())
    assert LineReader(KEY.encode()).read(line).seq == 1


def test_a_heartbeat_is_a_hint():
    assert LineReader(b"k").read('{"kind":"heartbeat","seq":7}') == 7


IGNORED = {
    "words": ("Killed", "not_json"),
    "nothing": ("", "not_json"),
    "a list": ('["{"]', "not_json"),
    "half an object": ('{"kind":"alert"', "not_json"),
    "deep nesting": ('{"a":' * 100_000, "not_json"),
    "an access line": ('{"kind":"access"}', "access"),
    "another kind": ('{"kind":"order"}', "unknown_kind"),
    "a heartbeat without a number": ('{"kind":"heartbeat","seq":true}', "unknown_kind"),
    "no signature": (json.dumps({k: v for k, v in event().items() if k != "sig"}), "unsigned"),
    "a changed label": (json.dumps(event(labels={"alertname": "Other"})), "bad_signature"),
    "a signature of another key": (
        json.dumps(make_event(1, "Broken", "firing", "f", "e", key="other")),
        "bad_signature",
    ),
    "a signature that is no text": (json.dumps(event(sig=1)), "bad_signature"),
    "a signature with odd letters": (json.dumps(event(sig="hmac-sha256:\ud800é")), "bad_signature"),
    "a label with half a letter": (json.dumps(event(labels={"a": "\ud800"})), "bad_signature"),
    "a signed event without labels": (
        json.dumps(
            {
                "kind": "alert",
                "seq": 1,
                "sig": signature(canonical({"kind": "alert", "seq": 1}), KEY.encode()),
            }
        ),
        "bad_event",
    ),
    "a line without an end": ("{" * (MAX_LINE + 1), "too_long"),
}


@pytest.mark.parametrize(("line", "reason"), IGNORED.values(), ids=IGNORED)
@pytest.mark.threat("T2")
def test_other_lines_are_counted_and_ignored(line, reason):
    reader = LineReader(KEY.encode())
    assert reader.read(line) is None
    assert reader.counts == {reason: 1}


@given(st.text())
def test_no_text_is_an_event(text):
    assert LineReader(KEY.encode()).read(text) is None
