"""An alert that fires on is on: deliveries that come late, again, or by two Alertmanagers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.moments import rfc3339
from tests.waiting import until
from tests.webhook.test_episodes import event, rows
from webhook.journal import LATE

BEGIN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LATE_SECONDS = LATE.total_seconds()
AFTER = timedelta(hours=9)


def at(seconds):
    return rfc3339(BEGIN + timedelta(seconds=seconds))


def firing(start, received, **more):
    return event("firing", at(start), at=at(received), **more)


def resolved(start, end, received, **more):
    return event("resolved", at(start), ends_at=at(end), at=at(received), **more)


@pytest.fixture
def journal(tmp_path, new_journal):
    return new_journal(str(tmp_path / "journal.db"))


def settle(journal, moment):
    return journal.settle(rfc3339(moment), rfc3339(moment - LATE)).accepted


FIRST = [firing(0, 1), resolved(0, 60, 61)]
"""An alert that began at second 0 and ended at 60."""


@pytest.mark.parametrize(
    ("deliveries", "is_on"),
    [
        pytest.param([*FIRST], False, id="it ended"),
        pytest.param([*FIRST, firing(0, 62)], True, id="on again since the same start, soon after"),
        pytest.param([*FIRST, firing(0, 500)], True, id="on again since the same start, later"),
        pytest.param([*FIRST, firing(0, 62), resolved(0, 60, 75)], False, id="another Alertmanager is late"),
        pytest.param(
            [firing(0, 1), firing(0, 2), *FIRST[1:], resolved(0, 60, 62)], False, id="two Alertmanagers"
        ),
        pytest.param([resolved(0, 60, 61), firing(0, 62)], True, id="the end overtook and it is on again"),
        pytest.param([firing(0, 1), firing(90, 91), resolved(0, 60, 92)], True, id="an older end is late"),
        pytest.param([firing(90, 91), resolved(0, 60, 92)], True, id="an older end, never heard of, is late"),
        pytest.param([*FIRST, firing(90, 91), resolved(0, 60, 92)], True, id="an older end is repeated"),
        pytest.param(
            [*FIRST, firing(90, 91), resolved(0, 65, 92)],
            True,
            id="an older end is repeated with another time",
        ),
        pytest.param(
            [firing(90, 91), firing(0, 92), resolved(0, 60, 93)], True, id="all of an older stretch is late"
        ),
        pytest.param(
            [firing(0, 1), firing(30, 31), resolved(0, 60, 61)], False, id="two Prometheus servers, one end"
        ),
        pytest.param(
            [firing(30, 31), firing(0, 32), resolved(30, 60, 61)], False, id="and the later start's end"
        ),
        pytest.param(
            [firing(0, 1), firing(0, 400), resolved(0, 500, 501)], False, id="a repeat, then the end"
        ),
        pytest.param(
            [*FIRST, firing(0, 200), resolved(0, 300, 301), resolved(0, 300, 302)], False, id="it ended twice"
        ),
        pytest.param(
            [*FIRST, firing(90, 91), resolved(90, 95, 96), firing(0, 300)], True, id="on again since long ago"
        ),
        pytest.param(
            [*FIRST, firing(90, 91), resolved(90, 95, 96), resolved(90, 95, 97), resolved(0, 60, 98)],
            False,
            id="the other Alertmanager's ends in the wrong order",
        ),
        pytest.param(
            [resolved(90, 95, 96), firing(0, 97), resolved(90, 95, 98)],
            False,
            id="the other Alertmanager, far behind, says the same end",
        ),
    ],
)
def test_an_alert_that_fires_on_is_on_and_one_that_ended_is_not(journal, deliveries, is_on):
    for delivery in deliveries:
        journal.append([delivery])
    settle(journal, BEGIN + AFTER)

    assert bool(journal.open_episodes()) == is_on


def test_what_may_be_late_is_taken_up_once_a_minute_after_the_end_and_not_before(journal):
    for delivery in (*FIRST, firing(0, 70)):
        journal.append([delivery])

    assert settle(journal, BEGIN + timedelta(seconds=60 + LATE_SECONDS)) == 0
    assert settle(journal, BEGIN + timedelta(seconds=61 + LATE_SECONDS)) == 1
    assert settle(journal, BEGIN + AFTER) == 0

    events = rows(journal)
    assert [(row["status"], row["starts_at"]) for row in events] == [
        ("firing", at(0)),
        ("resolved", at(0)),
        ("firing", at(0)),
    ]
    assert {row["episode"] for row in events} == {events[0]["id"]}
    assert len({row["id"] for row in events}) == 3
    assert events[2]["received_at"] == at(61 + LATE_SECONDS)


def test_an_end_that_overtook_its_start_says_nothing_of_the_end_once_it_is_on(journal):
    for delivery in (resolved(0, 60, 61), firing(0, 62)):
        journal.append([delivery])
    settle(journal, BEGIN + AFTER)

    assert [(row["status"], row["ends_at"]) for row in rows(journal)] == [
        ("resolved", at(60)),
        ("firing", None),
    ]


def test_the_reconciler_takes_up_what_fires_since_an_earlier_episode(journal):
    for delivery in (*FIRST, firing(90, 91), resolved(90, 95, 96)):
        journal.append([delivery])

    receipt = journal.append_unheard(firing(0, 97, source="reconcile"), is_confirmed=True)
    assert receipt.accepted == 1
    assert journal.append([resolved(0, 99, 100)]).accepted == 1
    assert journal.open_episodes() == []


@pytest.mark.slow
def test_a_webhook_without_alertmanagers_address_settles_by_itself_what_is_in_doubt(new_webhook, new_journal):
    webhook = new_webhook()
    new_journal(str(webhook.journal)).append([*FIRST, firing(0, 62)])

    webhook.start()

    until(lambda: [row["status"] for row in webhook.events()["events"]] == ["firing", "resolved", "firing"])
    assert until(lambda: webhook.lines("alert"))[0]["seq"] == 3


@st.composite
def stories(draw):
    """What is true of an alert, and what two Alertmanagers deliver of it, each in order.

    Either may repeat what it said, leave out anything but its last word, and lag as far as it likes.
    """
    words, start, clock = [], 0, 0
    for _ in range(draw(st.integers(1, 4))):
        clock += draw(st.integers(1, 300))
        is_new = not words or draw(st.booleans())
        start = clock if is_new else start
        words.append(("firing", start, None))
        clock += draw(st.integers(1, 300))
        words.append(("resolved", start, clock))
    if is_on := draw(st.booleans()):
        words.pop()
    queues = []
    for _ in range(2):
        said = [word for word in words[:-1] for _ in range(draw(st.integers(0, 2)))]
        queues.append([*said, *[words[-1]] * draw(st.integers(1, 2))])
    deliveries = []
    while queues[0] or queues[1]:
        first = bool(queues[0]) and (not queues[1] or draw(st.booleans()))
        deliveries.append((queues[not first].pop(0), draw(st.sampled_from([0, 1, 20, 59, 61, 400]))))
    return is_on, deliveries


@pytest.fixture(scope="module")
def number():
    return iter(range(10**9))


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories())
def test_whatever_the_order_the_last_state_is_the_true_one(journal, number, story):
    is_on, deliveries = story
    mark, moment = f"{next(number):016x}", BEGIN
    for (status, start, end), pause in deliveries:
        moment += timedelta(seconds=pause)
        settle(journal, moment)
        ends_at = None if end is None else at(end)
        now = rfc3339(moment)
        journal.append([event(status, at(start), at=now, ends_at=ends_at, fingerprint=mark)])
    settle(journal, moment + LATE)

    open_now = {episode.fingerprint for episode in journal.open_episodes()}
    assert (mark in open_now) == is_on


def saying(words, received, status="firing", **more):
    return event(status, at(0), at=at(received), **more) | {"annotations": {"summary": words}}


def test_new_words_of_an_alert_that_is_on_are_one_more_event_of_its_episode(journal):
    deliveries = [
        saying("91 % full", 1),
        saying("91 % full", 2),
        saying("99 % full", 3),
        saying("99 % full", 4),
    ]
    accepted = [journal.append([delivery]).accepted for delivery in deliveries]

    assert accepted == [1, 0, 1, 0]
    events = rows(journal)
    assert [row["annotations"]["summary"] for row in events] == ["91 % full", "99 % full"]
    assert [row["episode"] for row in events] == [events[0]["id"]] * 2
    assert events[0]["id"] != events[1]["id"]
    (episode,) = journal.open_episodes()
    assert episode.firing["annotations"] == {"summary": "99 % full"}


def test_words_of_an_older_stretch_are_not_the_newest(journal):
    for delivery in (saying("first", 1), firing(90, 91), saying("first, late", 92)):
        journal.append([delivery])

    assert len(rows(journal)) == 2


def test_words_from_before_the_newest_are_pruned_and_the_alert_stays_on(journal):
    for number in range(5):
        journal.append([saying(f"word {number}.", number)])
        assert journal.append([saying(f"word {number}", number)]).accepted == 1

    assert journal.prune(received_before="2099-01-01T00:00:00.000Z", keep_bytes=0) == 9
    assert journal.append([saying("and another", 60)]).accepted == 1
    assert len({row["id"] for row in rows(journal)}) == 2
    assert journal.append([resolved(0, 90, 91)]).accepted == 1
    assert journal.open_episodes() == []
