"""What holds an alert back in Alertmanager, in words for people."""

import pytest

from automation.events.mutes import Mutes
from tests.automation.doubles import READER_TOKEN


@pytest.fixture
def why(journal):
    return lambda: Mutes(journal.url, READER_TOKEN).why("f1")


@pytest.mark.parametrize(
    ("mute", "words"),
    [
        (
            {
                "silences": [
                    {"created_by": "ann", "comment": "Patch night", "ends_at": "2026-11-23T13:00:00Z"}
                ]
            },
            "silenced in Alertmanager by ann until 2026-11-23T13:00:00Z: Patch night",
        ),
        ({"inhibited_by": ["f2"]}, "inhibited in Alertmanager by another alert"),
        ({"muted_by": ["weekends"]}, "muted in Alertmanager by weekends"),
        ({}, "muted in Alertmanager"),
    ],
    ids=["a silence", "an inhibition", "a time interval", "a reason nobody gives"],
)
def test_it_says_what_holds_an_alert_back(journal, why, mute, words):
    journal.mutes = [{"fingerprint": "f1"} | mute]
    assert why() == words


def test_another_alerts_silence_holds_nothing_back(journal, why):
    journal.mutes = [{"fingerprint": "f2"}]
    assert why() is None


@pytest.mark.parametrize("status", [404, 500])
def test_a_webhook_that_cannot_say_holds_nothing_back(journal, why, status):
    journal.mutes, journal.status = [{"fingerprint": "f1"}], status
    assert why() is None


def test_a_webhook_that_is_away_is_not_asked_twice_in_a_row(journal):
    mutes = Mutes(journal.url, READER_TOKEN)
    journal.down()
    assert mutes.why("f1") is None
    journal.mutes = [{"fingerprint": "f1"}]
    journal.up()
    assert mutes.why("f1") is None
