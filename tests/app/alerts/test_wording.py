"""While an alert goes on, its newest words are shown; older ones that said something else are kept."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.alerts import wording
from app.clock import now
from app.extensions import db
from app.incidents import queries
from app.records.incidents import EventKind, Incident
from contract import limits
from tests.app.journal import event, take

pytestmark = pytest.mark.usefixtures("context")

START = datetime(2026, 11, 27, 12, tzinfo=UTC)


def says(summary, **more):
    return event(annotations={"summary": summary} | more, starts_at=START)


def incident():
    return db.session.query(Incident).one()


def told():
    items = queries.timeline_page(incident().id).items
    return [item.summary for item in items if item.kind is EventKind.ALERT_CHANGED]


def test_a_disk_that_fills_up_shows_how_full_it_is_now_and_no_entry_for_each_number(settings):
    take(settings, says("Disk 91 % full", description="since 12:00"))
    take(settings, says("Disk 99.5 % full", description="since 12:05"))

    assert incident().title == "Disk 99.5 % full"
    assert incident().description == "since 12:05"
    assert incident().annotations["summary"] == "Disk 99.5 % full"
    assert len(queries.timeline_page(incident().id).items) == 1


def test_words_that_changed_are_on_the_timeline_as_they_were(settings):
    take(settings, says("Disk 91 % full", action="clean up"), says("Disk 100 % full, writes fail"))

    assert incident().title == "Disk 100 % full, writes fail"
    assert told() == [
        "The alert says something else now. Before, it said: summary: Disk 91 % full\naction: clean up"
    ]


def test_of_a_sender_with_new_words_in_each_delivery_only_some_are_noted_a_day(settings):
    words = [f"Request {chr(97 + number % 26)}{'x' * number} failed" for number in range(30)]
    for some in (words[:8], words[8:25], words[25:]):
        take(settings, *[says(text) for text in some])

    assert incident().title == words[-1]
    assert len(told()) == wording.CHANGES_A_DAY
    assert "not noted until tomorrow" in told()[-1]
    assert told()[-1].endswith(words[wording.CHANGES_A_DAY - 1])
    assert "not noted" not in "".join(told()[:-1])

    with time_machine.travel(now() + timedelta(days=1, seconds=1), tick=False):
        take(settings, says("It is another one"))
        assert len(told()) == wording.CHANGES_A_DAY + 1


def test_the_words_of_another_stretch_are_no_change(settings):
    take(settings, says("Disk is full"))
    take(settings, event(annotations={"summary": "It burns"}, starts_at=datetime.now(UTC)))
    assert told() == []
    assert incident().annotations == {"summary": "It burns"}


def test_old_words_are_cut_to_what_an_entry_takes():
    text = wording.told({"description": "x" * limits.ANNOTATION})
    assert len(text) == limits.SENTENCE
    assert text.endswith("… [cut]")
