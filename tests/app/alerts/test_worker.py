"""The worker as a process, against the real webhook: killed at any moment, nothing is lost or twice."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.extensions import db
from app.records.alerts import AlertEvent
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.operations import AuditEvent, WorkerHeartbeat
from tests.app.conftest import SECRET_KEY
from tests.processes import Process
from tests.waiting import until
from tests.webhook.process import running

WRITE, READ, KEY = "w" * 40, "r" * 40, "k" * 40
DEADLINE_S = 60.0


@contextmanager
def working(environment: dict[str, str]) -> Iterator[Process]:
    child = Process("app", "worker", env={"PATH": os.environ["PATH"]} | environment, stderr=2)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[str]:
    secrets = {"OIMS_WEBHOOK_TOKEN": WRITE, "OIMS_WEBHOOK_READER_TOKEN": READ, "OIMS_EVENT_KEY": KEY}
    with running(tmp_path, **secrets) as process:
        yield process.url


def post(webhook: str, *alerts: dict[str, Any]) -> None:
    answer = requests.post(
        webhook, json={"alerts": list(alerts)}, headers={"Authorization": f"Bearer {WRITE}"}, timeout=10
    )
    assert answer.status_code == 200, answer.text


def alert(number: int, status: str = "firing") -> dict[str, Any]:
    labels = {"alertname": "IncidentAppErrors", "instance": str(number), "severity": "high"}
    return {"status": status, "labels": labels, "startsAt": "2026-11-23T15:00:00Z"}


@pytest.fixture
def environment(webhook: str, database_url: str) -> dict[str, str]:
    return {
        "OIMS_DATABASE_URL": database_url,
        "OIMS_SECRET_KEY": SECRET_KEY,
        "OIMS_JOURNAL_URL": webhook,
        "OIMS_JOURNAL_TOKEN": READ,
    }


def count(model: type[Any]) -> int:
    db.session.rollback()
    return int(db.session.query(model).count())


@pytest.mark.slow
@pytest.mark.usefixtures("context")
@pytest.mark.fault("F29")
def test_a_killed_worker_loses_nothing_and_does_nothing_twice(
    webhook: str, environment: dict[str, str]
) -> None:
    total = 300
    for first in range(0, total, 50):
        post(webhook, *(alert(number) for number in range(first, first + 50)))
    kills = 0
    while count(Incident) < total and kills < 10:
        seen = count(Incident)
        with working(environment) as worker:
            until(lambda seen=seen: count(Incident) > seen, DEADLINE_S)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        kills += 1
        assert count(Incident) == count(AlertEvent), "an event and its incident stand together"
    with working(environment):
        until(lambda: count(AlertEvent) == total, DEADLINE_S)
    assert count(Incident) == total
    assert db.session.query(TimelineEvent).filter_by(kind=EventKind.OPENED).count() == total


@pytest.mark.slow
@pytest.mark.usefixtures("context")
@pytest.mark.fault("F21")
def test_two_workers_at_once_do_each_thing_once_and_stop_when_told(
    webhook: str, environment: dict[str, str]
) -> None:
    with working(environment) as one, working(environment) as two:
        # One that still starts would get no alert, and end as any process does that is told to.
        until(lambda: count(WorkerHeartbeat) == 2, DEADLINE_S)
        for number in range(40):
            post(webhook, alert(number), alert(number))
        until(lambda: count(AlertEvent) == 40, DEADLINE_S)
        for worker in (one, two):
            worker.terminate()
        assert [one.wait(30), two.wait(30)] == [0, 0]
    assert count(Incident) == 40


@pytest.mark.slow
def test_a_journal_that_was_replaced_is_read_anew_and_told_of(
    app: Flask, webhook: str, environment: dict[str, str]
) -> None:
    from app.database import transaction  # noqa: PLC0415
    from app.records import cursor  # noqa: PLC0415

    with app.app_context():
        with transaction():
            cursor.lock().offset = 500
        post(webhook, alert(1))
        with working(environment):
            until(lambda: count(Incident) == 1, DEADLINE_S)
        assert db.session.query(AuditEvent).filter_by(kind="journal_replaced").count() == 1
        db.session.remove()


@pytest.mark.fault("F27")
def test_a_worker_without_database_and_journal_still_has_a_pulse(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    environment = {
        "OIMS_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "OIMS_SECRET_KEY": SECRET_KEY,
        "OIMS_JOURNAL_URL": "http://127.0.0.1:9",
        "OIMS_JOURNAL_TOKEN": READ,
        "OIMS_WORKER_PULSE": str(pulse),
    }
    with working(environment) as worker:
        until(pulse.exists, DEADLINE_S)
        worker.terminate()
        assert worker.wait(30) == 0
