"""A heartbeat that fails or is not heard of opens one incident; its next ping ends it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.clock import now
from app.extensions import db
from app.heartbeats import arrivals, queries, service
from app.heartbeats.watch import Watch
from app.incidents import service as incident_service
from app.records.actors import SYSTEM
from app.records.heartbeats import Beat, HeartbeatPing
from app.records.incidents import Incident, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity

pytestmark = pytest.mark.usefixtures("context")


def incidents():
    db.session.rollback()
    return db.session.scalars(select(Incident).order_by(Incident.id)).all()


def told(incident):
    statement = select(TimelineEvent.summary).where(TimelineEvent.incident_id == incident.id)
    return db.session.scalars(statement.order_by(TimelineEvent.id)).all()


def state(heartbeat):
    db.session.rollback()
    return queries.get(heartbeat.id).state


def go(clock, watch, minutes):
    """Let time pass with the worker at work."""
    for _ in range(minutes * 3):
        clock.shift(timedelta(seconds=20))
        while watch.look():
            pass


def test_a_new_heartbeat_waits_for_its_first_ping_for_ever(clock, heartbeat, watch):
    go(clock, watch, 130)
    assert state(heartbeat) is Beat.NEW
    assert incidents() == []


def test_it_is_up_then_late_then_down_with_one_incident(clock, heartbeat, watch, ping):
    assert ping(heartbeat) == 200
    go(clock, watch, 59)
    assert state(heartbeat) is Beat.UP
    go(clock, watch, 2)
    assert state(heartbeat) is Beat.LATE
    go(clock, watch, 8)
    assert incidents() == []
    go(clock, watch, 2)
    go(clock, watch, 1)
    assert state(heartbeat) is Beat.DOWN
    (incident,) = incidents()
    assert (incident.title, incident.severity) == ("Heartbeat “Backup” is overdue", Severity.HIGH)
    assert incident.labels["heartbeat"] == "Backup"
    assert "did not ping within 10 min of 2026-11-28 13:00:" in told(incident)[0]
    assert "said that all went well" in told(incident)[0]


def test_the_next_ping_ends_the_incident(clock, heartbeat, watch, ping):
    ping(heartbeat)
    go(clock, watch, 72)
    ping(heartbeat, "/start")
    clock.shift(timedelta(seconds=90))
    ping(heartbeat)
    watch.look()
    assert state(heartbeat) is Beat.UP
    (incident,) = incidents()
    assert incident.state is State.RESOLVED
    assert "all went well, and took 1 min 30 s" in told(incident)[-1]


def test_an_incident_that_a_person_has_stays_with_the_person(clock, heartbeat, watch, ping):
    ping(heartbeat, "/fail")
    watch.look()
    (incident,) = incidents()
    incident_service.acknowledge(incident.id, actor=SYSTEM)
    ping(heartbeat)
    watch.look()
    (incident,) = incidents()
    assert incident.state is State.ACKNOWLEDGED
    assert told(incident)[-1].startswith("The heartbeat is no longer down")


def resolve_by_hand():
    incident_service.resolve(incidents()[-1].id, actor=SYSTEM, reason="Done.")


def test_a_failure_after_a_person_resolved_reopens_or_opens_an_incident(clock, heartbeat, watch, ping):
    ping(heartbeat, "/1")
    watch.look()
    resolve_by_hand()
    ping(heartbeat, "/1")
    watch.look()
    (incident,) = incidents()
    assert incident.state is State.OPEN
    resolve_by_hand()
    clock.shift(timedelta(days=2))
    ping(heartbeat, "/1")
    watch.look()
    assert [incident.state for incident in incidents()] == [State.RESOLVED, State.OPEN]


@pytest.mark.parametrize("schedule", [{"period": "2m"}, {"period": "", "cron": "*/2 * * * *"}])
@pytest.mark.parametrize("end", ["/1", ""])
def test_silence_after_a_person_resolved_is_overdue_once_more(clock, make, watch, ping, schedule, end):
    heartbeat = make(grace="1m", **schedule)
    ping(heartbeat, end)
    go(clock, watch, 1 if end else 4)
    resolve_by_hand()
    go(clock, watch, 4)
    (incident,) = incidents()
    assert incident.state is State.OPEN
    assert "did not ping within 1 min of" in told(incident)[-1]


def test_a_job_that_hangs_after_a_person_resolved_is_overdue(clock, make, watch, ping):
    heartbeat = make(grace="1m")
    ping(heartbeat, "/1")
    watch.look()
    resolve_by_hand()
    ping(heartbeat, "/start")
    go(clock, watch, 2)
    assert "of its start at 2026-11-28 12:00:00 UTC" in told(incidents()[0])[-1]


def test_one_that_stays_down_adds_nothing_to_its_open_incident(clock, make, watch, ping):
    ping(make(period="2m", grace="1m"), "/1")
    watch.look()
    before = told(incidents()[0])
    go(clock, watch, 8)
    (incident,) = incidents()
    assert told(incident) == before


def test_a_failure_opens_the_incident_at_once_and_shows_status_and_words(clock, heartbeat, watch, ping):
    ping(heartbeat, "/start")
    clock.shift(timedelta(seconds=5))
    ping(heartbeat, "/3", data=b"<script>alert(1)</script>\n```\n# No space left")
    watch.look()
    (incident,) = incidents()
    assert incident.title == "Heartbeat “Backup” failed"
    assert "with exit status 3, after 5 s" in told(incident)[0]
    assert "    <script>alert(1)</script>\n    ```\n    # No space left" in incident.description


def test_a_name_is_no_markdown_in_the_incident(make, watch, ping):
    ping(make(name="[x](http://evil.example)"), "/1", data="no space left")
    watch.look()
    assert "evil" not in incidents()[0].description


def test_failures_that_repeat_are_one_incident(clock, heartbeat, watch, ping):
    for _ in range(3):
        ping(heartbeat, "/fail")
        watch.look()
    assert len(incidents()) == 1


def test_a_job_that_starts_and_never_ends_is_overdue_after_its_grace(clock, heartbeat, watch, ping):
    ping(heartbeat, "/start")
    go(clock, watch, 9)
    assert incidents() == []
    go(clock, watch, 2)
    (incident,) = incidents()
    assert "of its start at 2026-11-28 12:00:00 UTC" in told(incident)[0]


def test_a_message_changes_nothing(clock, heartbeat, watch, ping):
    ping(heartbeat)
    go(clock, watch, 50)
    ping(heartbeat, "/log", data="half way")
    go(clock, watch, 12)
    assert state(heartbeat) is Beat.LATE


def test_a_paused_heartbeat_opens_nothing_and_a_resumed_one_does(clock, heartbeat, watch, ping):
    ping(heartbeat)
    watch.look()
    service.pause(heartbeat.id, actor=SYSTEM)
    go(clock, watch, 80)
    ping(heartbeat, "/fail")
    watch.look()
    assert (state(heartbeat), incidents()) == (Beat.PAUSED, [])
    service.resume(heartbeat.id, actor=SYSTEM)
    go(clock, watch, 72)
    assert state(heartbeat) is Beat.DOWN
    service.pause(heartbeat.id, actor=SYSTEM)
    assert [incident.state for incident in incidents()] == [State.RESOLVED]


def test_only_the_last_50_pings_are_kept(clock, heartbeat, watch, ping):
    for number in range(57):
        clock.shift(timedelta(seconds=2))
        ping(heartbeat, "/log", data=str(number))
    while watch.look():
        pass
    kept = db.session.scalars(select(HeartbeatPing.number).order_by(HeartbeatPing.number)).all()
    assert kept == list(range(8, 58))


def test_after_a_gap_clients_get_a_chance_before_anything_is_overdue(clock, heartbeat, watch, ping):
    ping(heartbeat)
    watch.look()
    clock.shift(timedelta(hours=9))
    watch = Watch()
    go(clock, watch, 14)
    assert state(heartbeat) is Beat.LATE
    go(clock, watch, 2)
    (incident,) = incidents()
    assert "OIMS itself was away around that time" in told(incident)[0]


def test_a_ping_in_that_time_keeps_it_quiet(clock, heartbeat, watch, ping):
    ping(heartbeat)
    watch.look()
    clock.shift(timedelta(hours=9))
    watch = Watch()
    go(clock, watch, 5)
    ping(heartbeat)
    go(clock, watch, 30)
    assert (state(heartbeat), incidents()) == (Beat.UP, [])


def test_while_no_web_process_listened_nothing_is_concluded(app, clock, heartbeat, watch, ping):
    ping(heartbeat)
    go(clock, watch, 62)
    arrivals.begin_to_listen()
    go(clock, watch, 13)
    assert state(heartbeat) is Beat.LATE
    go(clock, watch, 3)
    assert state(heartbeat) is Beat.DOWN


def test_a_part_that_starts_again_and_again_silences_nothing(clock, heartbeat, watch, ping):
    ping(heartbeat)
    watch.look()
    clock.shift(timedelta(hours=2))
    for _ in range(18):
        Watch().look()
        clock.shift(timedelta(minutes=1))
    assert state(heartbeat) is Beat.DOWN


@pytest.mark.parametrize("hours", [3, -3])
@pytest.mark.parametrize("schedule", [{"period": "1h"}, {"period": "", "cron": "0 * * * *"}])
def test_a_clock_that_is_moved_opens_nothing(clock, make, watch, ping, hours, schedule):
    heartbeat = make(**schedule)
    ping(heartbeat)
    go(clock, watch, 10)
    clock.move(timedelta(hours=hours))
    go(clock, watch, 51)
    ping(heartbeat)
    go(clock, watch, 30)
    assert (state(heartbeat), incidents()) == (Beat.UP, [])


@pytest.mark.parametrize("seconds", [20, -20])
@pytest.mark.parametrize("last", ["", "/start"])
def test_a_small_step_of_the_clock_loses_no_miss_of_a_cron_job(clock, make, watch, ping, seconds, last):
    heartbeat = make(period="", cron="1 12 * * *", grace="3m")
    ping(heartbeat, last)
    go(clock, watch, 2)
    assert state(heartbeat) is Beat.LATE
    clock.move(timedelta(seconds=seconds))
    go(clock, watch, 3)
    assert (state(heartbeat), len(incidents())) == (Beat.DOWN, 1)


def test_two_workers_correct_a_moved_clock_once(clock, heartbeat, watch, ping):
    other = Watch()
    other.look()
    ping(heartbeat)
    go(clock, watch, 10)
    other.look()
    clock.move(timedelta(hours=3))
    watch.look()
    other.look()
    db.session.rollback()
    assert (queries.get(heartbeat.id).due_at - now()) == timedelta(minutes=50)
