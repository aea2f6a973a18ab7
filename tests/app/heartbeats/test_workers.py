"""Several workers, workers that are killed, and a database that others hold: one incident, no ping lost."""

import os
import signal
import sqlite3
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import select, text

from app.database import transaction
from app.extensions import db
from app.heartbeats import queries, service
from app.heartbeats.spool import Spool
from app.heartbeats.watch import Watch
from app.records.heartbeats import Beat, Heartbeat
from app.records.incidents import Incident
from app.records.lifecycle import State

pytestmark = pytest.mark.usefixtures("context")


def incidents():
    db.session.rollback()
    return db.session.scalars(select(Incident).order_by(Incident.id)).all()


def test_workers_that_look_at_once_open_one_incident(app, clock, heartbeat, ping):
    ping(heartbeat, "/fail")
    barrier = Barrier(4)

    def look():
        with app.app_context():
            barrier.wait(30)
            Watch().look()
            db.session.remove()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [incident.state for incident in incidents()] == [State.OPEN]
    assert queries.get(heartbeat.id).pings == 1


STEPS = (
    "app.heartbeats.arrivals.InFile.take",
    "app.heartbeats.arrivals.InTable.take",
    "app.heartbeats.effects._keep",
    "app.heartbeats.incidents.begin",
    "app.incidents.changes.queue_mails",
    "app.heartbeats.arrivals.InFile.forget",
    "app.heartbeats.arrivals.InTable.forget",
)


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_is_killed_anywhere_leaves_all_or_nothing(
    app, clock, heartbeat, ping, monkeypatch, step
):
    ping(heartbeat, "/7", data="No space left")
    heartbeat_id = heartbeat.id
    db.session.remove()
    db.engine.dispose()
    app.extensions["ping_arrivals"].close()
    with monkeypatch.context() as patch:
        patch.setattr(step, lambda *_arguments, **_values: os.kill(os.getpid(), signal.SIGKILL))
        child = os.fork()
        if not child:
            try:
                Watch().look()
            finally:
                os._exit(0)
    os.waitpid(child, 0)
    Watch().look()
    assert [incident.title for incident in incidents()] == ["Heartbeat “Backup” failed"]
    left = queries.get(heartbeat_id)
    assert (left.pings, left.state) == (1, Beat.DOWN)


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
def test_a_ping_is_taken_while_somebody_holds_the_database(app, clock, heartbeat, client):
    path = f"/ping/{service.secret_of(heartbeat)}"
    held, taken = Event(), Event()

    def hold():
        with app.app_context(), transaction():
            db.session.execute(text("UPDATE heartbeat_watch SET taken = taken"))
            held.set()
            taken.wait(60)

    holder = Thread(target=hold)
    holder.start()
    assert held.wait(30)
    statuses = [client.get(path).status_code for _ in range(5)]
    taken.set()
    holder.join()
    Watch().look()
    assert statuses == [200] * 5
    assert db.session.scalar(select(Heartbeat.pings)) == 5


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
def test_a_ping_that_can_not_be_kept_is_not_acknowledged(app, clock, heartbeat, client, monkeypatch):
    def fail(_spool, _text):
        raise sqlite3.OperationalError("disk I/O error")

    path = f"/ping/{service.secret_of(heartbeat)}"
    monkeypatch.setattr(Spool, "append", fail)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_texts_of_many_threads_are_all_kept_in_one_order(tmp_path):
    spool = Spool(tmp_path / "pings")
    threads = [Thread(target=lambda n=n: [spool.append(f"{n}-{i}") for i in range(20)]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other = Spool(tmp_path / "pings")
    found = other.read(0, 1000)
    assert other.identity == spool.identity
    assert sorted(text for _, text in found) == sorted(f"{n}-{i}" for n in range(8) for i in range(20))
    other.drop(found[-1][0])
    spool.append("later")
    assert [number for number, _ in other.read(0, 10)] == [found[-1][0] + 1]


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bad", ["{", '{"heartbeat_id": 1, "at": "2026-11-28T12:00:00Z", "kind": "newer"}'])
def test_a_waiting_ping_that_can_not_be_read_holds_up_no_other(clock, heartbeat, ping, tmp_path, bad):
    spool = Spool(tmp_path / "site.db-pings")
    spool.append(bad)
    ping(heartbeat, "/1")
    Watch().look()
    assert (len(incidents()), spool.read(0, 10)) == (1, [])


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
def test_a_new_file_of_pings_is_read_from_its_beginning(app, clock, heartbeat, ping, tmp_path):
    for _ in range(3):
        ping(heartbeat, "/log")
    Watch().look()
    app.extensions["ping_arrivals"].close()
    for file in tmp_path.glob("site.db-pings*"):
        file.unlink()
    ping(heartbeat, "/log")
    Watch().look()
    assert queries.get(heartbeat.id).pings == 4
