"""What a worker concludes from a journal that it cannot read, and two workers at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest
from flask import Flask
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from app.alerts.consumer import Answer, Consumer
from app.config import Settings
from app.extensions import db
from app.records import cursor
from app.records.lifecycle import State
from tests.app.alerts.outages import Steady, incidents, told
from tests.app.standins import Answering, serving
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("context")


def test_a_defect_that_ends_each_look_at_the_journal_is_told_of(
    settings: Settings, steady: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_consumer: Consumer) -> None:
        steady.at += 70
        raise KeyError("a defect")

    monkeypatch.setattr(Consumer, "poll", fail)
    consumer = Consumer(settings)
    for _again in range(3):
        with pytest.raises(KeyError):
            consumer.run(Event())

    assert ["cannot read its journal" in incident.description for incident in incidents()] == [True]


def test_while_the_database_is_away_nothing_is_concluded_from_it(
    settings: Settings, steady: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()

    def fail(_consumer: Consumer) -> None:
        steady.at += 1000
        stop.set()
        raise OperationalError("BEGIN", None, Exception())

    monkeypatch.setattr(Consumer, "poll", fail)
    Consumer(settings).run(stop)

    assert incidents() == []


@pytest.mark.parametrize("odd", [{"last_seq": 2**63}, {"oldest_seq": 2**63}, {"oldest_seq": -1}])
def test_numbers_that_no_journal_has_are_no_answer(odd: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate({"events": [], "last_seq": 0} | odd)


@pytest.mark.parametrize("age_s", [float("nan"), float("inf"), -1, 1e300, [], "soon"])
def test_an_age_that_nothing_has_is_no_answer(age_s: object) -> None:
    with pytest.raises(ValidationError):
        Answer.model_validate({"events": [], "last_seq": 0, "watchdog_age_s": age_s})


class Webhook(Answering):
    """A journal without events, whose Watchdog is fresh."""

    def asked(self) -> None:
        time.sleep(0.2)
        self.answer({"events": [], "last_seq": 0, "oldest_seq": None, "watchdog_age_s": 1.0})


@contextmanager
def reading(app: Flask, settings: Settings) -> Iterator[None]:
    """Read as a worker does, until the block ends."""
    stop = Event()

    def work() -> None:
        with app.app_context():
            Consumer(settings).run(stop)
            db.session.remove()

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(60)


@pytest.mark.slow
@pytest.mark.fault("F14")
@pytest.mark.threat("T29")
def test_two_workers_at_once_open_one_incident_and_close_it(
    app: Flask, make_settings: Callable[..., Settings]
) -> None:
    with ExitStack() as webhook, ExitStack() as workers:
        address = webhook.enter_context(serving(Webhook))
        settings = make_settings(
            journal_url=f"http://{address}", journal_token="r" * 40, journal_silent_after="2s"
        )
        for _ in range(2):
            workers.enter_context(reading(app, settings))
        until(_caught_up, 60)
        webhook.close()
        until(incidents, 60)
        assert [incident.state for incident in incidents()] == [State.OPEN]
        with serving(Webhook, port=int(address.rpartition(":")[2])):
            until(lambda: incidents()[0].state is State.RESOLVED, 60)
        assert len(told(incidents()[0])) == 2


def _caught_up() -> bool:
    db.session.rollback()
    return cursor.read().watchdog_at is not None
