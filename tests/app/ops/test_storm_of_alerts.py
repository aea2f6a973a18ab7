"""A storm of alerts on SQLite, where one writes at a time: people and automation are never refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from app.alerts.consumer import Consumer
from app.extensions import db
from app.records import cursor
from app.records.incidents import Incident
from tests.app.journal import event
from tests.app.server import AUTOMATION_TOKEN, running
from tests.app.standins import Answering, serving

ALERTS = 300
WAIT_S = 1.0
"""How long 99 of 100 wait at most."""
HEARTBEAT = {
    "instance": "host-1",
    "version": "1",
    "location": "host",
    "paused": False,
    "last_seq": 1,
    "lag_s": 0.0,
    "sent_at": "2026-11-27T12:00:00.000Z",
}


@pytest.fixture
def journal():
    """A journal with ALERTS alerts of one rule; its address."""
    names = [f"{number:016x}" for number in range(ALERTS)]
    rows = [event(seq=n, fingerprint=name, episode=name, id=name) for n, name in enumerate(names, 1)]

    class Handler(Answering):
        def asked(self):
            query = parse_qs(urlsplit(self.path).query)
            after, limit = int(query["after"][0]), int(query["limit"][0])
            self.answer({"events": rows[after : after + limit], "last_seq": ALERTS, "oldest_seq": 1})

    with serving(Handler) as address:
        yield f"http://{address}"


@pytest.mark.slow
def test_comments_and_reports_are_taken_while_three_hundred_alerts_come_in(
    tmp_path, journal, make_settings, make_app
):
    with running(tmp_path, OIMS_API_RATE_LIMIT="0") as server:
        writer = server.token("person", "write")
        _, made = server.ask("POST", "/api/v1/incidents", token=writer, body={"title": "Before the storm"})
        settings = make_settings(
            database_url=server.environment["OIMS_DATABASE_URL"], journal_url=journal, journal_token="t" * 40
        )
        app = make_app(settings)

        def storm():
            with app.app_context():
                while cursor.offset() < ALERTS:
                    Consumer(settings).poll()
                return db.session.query(Incident).count()

        path = f"/api/v1/incidents/{made['id']}/comments"
        heartbeat = "/api/v1/automation/heartbeat"
        with ThreadPoolExecutor(1) as worker:
            taken, answers, waits = worker.submit(storm), [], []

            def write(path, token, body):
                began = time.monotonic()
                answers.append(server.ask("POST", path, token=token, body=body)[0])
                waits.append(time.monotonic() - began)

            while not taken.done() or len(answers) < 10:
                write(path, writer, {"body": "Looking"})
                write(heartbeat, AUTOMATION_TOKEN, HEARTBEAT)

        assert taken.result() == ALERTS + 1
        assert {status // 100 for status in answers} == {2}, answers
        assert sorted(waits)[len(waits) * 99 // 100 - 1] < WAIT_S, waits
