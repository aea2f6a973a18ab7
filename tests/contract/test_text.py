"""Text is kept as it was written; only controls and overrides are replaced, visibly."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.events import JournalEvent
from app.text import entered
from contract.text import clean, decoded, one_line, safe

OVERRIDES = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
KEPT = [
    "two  spaces",
    "no\u00a0break",
    "thin\u2009and\u3000wide",
    "👩\u200d🚒 and ❤\ufe0f",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "עברית \u200fABC",
    "soft\u00adhyphen",
    "line\u2028separator",
    "क्\u200dष",
    "private \ue000 and unassigned \u0378",
    "tab\there\nand a line",
]


@pytest.mark.parametrize("text", KEPT)
def test_every_space_joiner_emoji_and_script_stays(text):
    assert safe(text) == text
    assert clean(text, 1000) == text
    assert entered("body", text, 1000) == text


@given(st.text(max_size=200))
def test_only_controls_overrides_and_surrogates_are_replaced(text):
    shown = safe(text)
    assert len(shown) == len(text.replace("\r\n", "\n"))
    for before, after in zip(text.replace("\r\n", "\n"), shown, strict=True):
        if before == "\r":
            assert after == "\n"
        elif before in OVERRIDES or (unicodedata.category(before) in {"Cc", "Cs"} and before not in "\n\t"):
            assert after == "\ufffd"
        else:
            assert after == before
    assert safe(shown) == shown


@given(st.text(max_size=200))
def test_one_line_is_one(text):
    assert not set(one_line(text)) & set("\n\r\t\u2028\u2029\x85")


def test_a_byte_that_is_no_utf_8_is_replaced():
    assert decoded("café ".encode() + b"caf\xe9") == "café caf\ufffd"


def test_the_labels_of_an_alert_stay_as_they_came():
    labels = {"alertname": "A", "note": "  two\u00a0 spaces ", "zwj": "👩\u200d🚒"}
    event = JournalEvent.model_validate(
        {
            "kind": "alert",
            "seq": 1,
            "id": "a",
            "episode": "e",
            "source": "alertmanager",
            "received_at": "2026-11-27T12:00:00Z",
            "status": "firing",
            "fingerprint": "f",
            "starts_at": "2026-11-27T12:00:00Z",
            "labels": labels,
            "annotations": {},
        }
    )
    assert event.labels == labels


@pytest.mark.parametrize("unit", ["\r", "\r\n", "\x1b", " ", "\u202e", "a\r"])
def test_it_is_linear(unit):
    began = time.thread_time()
    one_line(unit * 100_000)
    assert time.thread_time() - began < 0.2
