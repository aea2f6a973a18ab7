"""The worker as a process, against the real webhook: killed at any moment, nothing is lost or twice."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.alerts.models import AlertEvent
from app.extensions import db
from app.incidents.models import EventKind, Incident, TimelineEvent
from app.ops.models import AuditEvent, WorkerHeartbeat
from tests.app.conftest import SECRET_KEY
from tests.processes import Process

WRITE, READ, KEY = "w" * 40, "r" * 40, "k" * 40
DEADLINE_S = 60.0


def wait_for(condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"not seen in {DEADLINE_S:.0f} s: {what}"
        time.sleep(0.1)


@contextmanager
def process(module: str, *arguments: str, **environment: str) -> Iterator[Process]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    child = Process(module, *arguments, env=kept | environment, stderr=2)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        "OIMS_WEBHOOK_BIND": address,
        "OIMS_WEBHOOK_TOKEN": WRITE,
        "OIMS_WEBHOOK_READER_TOKEN": READ,
        "OIMS_WEBHOOK_JOURNAL": str(tmp_path / "journal.db"),
        "OIMS_EVENT_KEY": KEY,
    }

    def answers() -> bool:
        try:
            return requests.get(f"http://{address}/readyz", timeout=2).ok
        except requests.ConnectionError:
            return False

    with process("webhook", **environment):
        wait_for(answers, "the webhook")
        yield f"http://{address}"


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
def test_a_killed_worker_loses_nothing_and_does_nothing_twice(
    webhook: str, environment: dict[str, str]
) -> None:
    total = 300
    for first in range(0, total, 50):
        post(webhook, *(alert(number) for number in range(first, first + 50)))
    kills = 0
    while count(Incident) < total and kills < 10:
        seen = count(Incident)
        with process("app", "worker", **environment) as worker:
            wait_for(lambda seen=seen: count(Incident) > seen, "another incident")
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        kills += 1
        assert count(Incident) == count(AlertEvent), "an event and its incident stand together"
    with process("app", "worker", **environment):
        wait_for(lambda: count(AlertEvent) == total, "every event")
    assert count(Incident) == total
    assert db.session.query(TimelineEvent).filter_by(kind=EventKind.OPENED).count() == total


@pytest.mark.slow
@pytest.mark.usefixtures("context")
def test_two_workers_at_once_do_each_thing_once_and_stop_when_told(
    webhook: str, environment: dict[str, str]
) -> None:
    with process("app", "worker", **environment) as one, process("app", "worker", **environment) as two:
        # One that still starts would get no alert, and end as any process does that is told to.
        wait_for(lambda: count(WorkerHeartbeat) == 2, "both workers")
        for number in range(40):
            post(webhook, alert(number), alert(number))
        wait_for(lambda: count(AlertEvent) == 40, "every event")
        for worker in (one, two):
            worker.terminate()
        assert [one.wait(30), two.wait(30)] == [0, 0]
    assert count(Incident) == 40


@pytest.mark.slow
def test_a_journal_that_was_replaced_is_read_anew_and_told_of(
    app: Flask, webhook: str, environment: dict[str, str]
) -> None:
    from app.alerts import cursor  # noqa: PLC0415
    from app.database import transaction  # noqa: PLC0415

    with app.app_context():
        with transaction():
            cursor.lock().offset = 500
        post(webhook, alert(1))
        with process("app", "worker", **environment):
            wait_for(lambda: count(Incident) == 1, "the incident")
        assert db.session.query(AuditEvent).filter_by(kind="journal_replaced").count() == 1
        db.session.remove()


def test_a_worker_without_database_and_journal_still_has_a_pulse(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    environment = {
        "OIMS_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
        "OIMS_SECRET_KEY": SECRET_KEY,
        "OIMS_JOURNAL_URL": "http://127.0.0.1:9",
        "OIMS_JOURNAL_TOKEN": READ,
        "OIMS_WORKER_PULSE": str(pulse),
    }
    with process("app", "worker", **environment) as worker:
        wait_for(pulse.exists, "the pulse")
        worker.terminate()
        assert worker.wait(30) == 0
