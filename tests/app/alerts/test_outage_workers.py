"""Two workers at once see the same outage."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import pytest
from flask import Flask

from app.alerts import cursor
from app.alerts.consumer import Consumer
from app.config import Settings
from app.extensions import db
from app.incidents.lifecycle import State
from tests.app.alerts.outages import incidents, told
from tests.app.standins import Answering, serving
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("context")


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
