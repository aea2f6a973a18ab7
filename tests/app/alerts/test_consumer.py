"""Gaps and unreadable events."""

import pytest

from app.alerts.consumer import ASKED, LEAST_PIECE, Answer, Pace, _take
from app.config import Settings
from app.database import HELD_S
from app.extensions import db
from app.records import cursor
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.operations import AuditEvent
from app.records.outbox import OutboxMessage
from tests.app import statements
from tests.app.journal import event, take

pytestmark = pytest.mark.usefixtures("context")


def answer(*events: dict[str, object], last_seq: int, oldest_seq: int = 1) -> Answer:
    return Answer.model_validate({"events": events, "last_seq": last_seq, "oldest_seq": oldest_seq})


def test_pruned_events_are_told_of_on_every_incident_they_may_concern(settings: Settings) -> None:
    take(settings, event(seq=1))
    later = event(seq=9, fingerprint="0123456789abcdef", episode="other")
    _take(1, answer(later, last_seq=9, oldest_seq=9), settings)
    assert cursor.offset() == 9
    assert db.session.query(AuditEvent).filter_by(kind="journal_gap").one().data == {"first": 2, "last": 8}
    note = db.session.query(TimelineEvent).filter_by(kind=EventKind.JOURNAL_GAP).one()
    assert "Events 2 to 8 were pruned" in note.summary


def test_an_event_that_cannot_be_read_is_told_of_and_does_not_hold_up_the_next(settings: Settings) -> None:
    _take(0, answer({"seq": 1, "status": "exploded"}, event(seq=2), last_seq=2), settings)
    assert cursor.offset() == 2
    assert db.session.query(Incident).count() == 1
    assert "Event 1 of the journal can't be read" in db.session.query(AuditEvent).one().summary


def test_a_batch_read_from_an_old_offset_is_dropped(settings: Settings) -> None:
    take(settings, event(seq=1))
    _take(0, answer(event(seq=1), last_seq=1), settings)
    assert db.session.query(Incident).count() == 1


def test_an_event_twice_in_a_batch_takes_effect_once(settings: Settings) -> None:
    _take(0, answer(event(seq=1), event(seq=1), last_seq=1), settings)
    assert db.session.query(TimelineEvent).count() == 1


def test_to_open_many_incidents_takes_as_many_statements_as_one(settings: Settings) -> None:
    count, mails = 50, 2
    events = [event(seq=seq, fingerprint=f"{seq:016x}", episode=f"e{seq}") for seq in range(1, count + 1)]

    with statements.seen() as found:
        _take(0, answer(*events, last_seq=count), settings)
    assert db.session.query(Incident).count() == count
    assert db.session.query(OutboxMessage).count() == mails * count
    assert len(found) <= 20, found


@pytest.mark.parametrize(
    ("seconds", "size"),
    [(HELD_S, 400), (HELD_S * 4, 100), (HELD_S / 0.9, 360), (60.0, LEAST_PIECE), (0.0, ASKED)],
)
def test_a_transaction_takes_what_can_be_done_while_a_person_waits(seconds: float, size: int) -> None:
    pace = Pace()
    pace.took(400, seconds)
    assert pace.size == size
