"""The automation's reports, on both databases: each once, whenever it comes, in words on the timeline."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.automation import control
from app.config import Settings
from app.extensions import db
from app.incidents import queries
from app.ops.metrics import exposition
from app.records import audit
from app.records.accounts import Scope
from app.records.actors import SYSTEM
from app.records.automation import Run
from app.records.incidents import EventKind, Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind, OutboxMessage
from contract.runs import Verdict
from tests.app.journal import event, take

T = "2026-11-23T15:04:{:02}.000Z".format


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


COMMON = {
    "episode": "episode-1",
    "event_id": "event-1",
    "seq": 1,
    "fingerprint": "c6ac9a1b2c3d4e5f",
    "alertname": "IncidentAppErrors",
    "remedy": "IncidentAppErrors",
    "playbook": "restart_oims.yml",
    "target": {"kind": "Deployment", "namespace": "incident-mgmt", "name": "oims-app"},
    "attempt": 1,
}


def decision(**values: Any) -> dict[str, Any]:
    return (
        COMMON
        | {
            "id": "decision-1",
            "decision": "run",
            "reason": None,
            "detail": "Attempt 1 of 2.",
            "decided_at": T(8),
            "until": None,
            "escalate": False,
        }
        | values
    )


def run(version: int, state: str, verification: str | None = None, **values: Any) -> dict[str, Any]:
    return (
        COMMON
        | {
            "id": "run-1",
            "version": version,
            "mode": "auto",
            "state": state,
            "verification": verification,
            "queued_at": T(8),
            "started_at": T(9),
            "finished_at": T(23) if state != "running" else None,
            "exit_code": 0 if state == "succeeded" else None,
            "duration_s": 14.0 if state == "succeeded" else None,
            "tasks": [
                {
                    "name": "Restart",
                    "status": "changed",
                    "duration_s": 0.6,
                    "message": "oims-app was restarted.",
                }
            ],
            "output_tail": "PLAY RECAP",
            "verdict_at": T(50) if verification else None,
            "verdict_detail": None,
            "evidence": {"resolved_seq": 2},
        }
        | values
    )


def summaries() -> list[str]:
    db.session.rollback()
    return [item.summary for item in queries.timeline(db.session.query(Incident.id).scalar())]


@pytest.mark.usefixtures("context")
def test_the_story_of_a_repair_is_told_once_in_order(settings: Settings, report: Any) -> None:
    take(settings, event())
    assert report("decisions", decision()) == 201
    assert report("decisions", decision()) == 200
    assert [report("runs", run(1, "running")), report("runs", run(2, "succeeded", "pending"))] == [201, 200]
    take(settings, event("resolved"))
    assert report("runs", run(3, "succeeded", "verified")) == 200
    assert report("runs", run(2, "succeeded", "pending")) == 200, "an old version changes nothing"
    db.session.rollback()
    incident = db.session.query(Incident).one()
    assert (incident.state, incident.verdict) == (State.RESOLVED, Verdict.VERIFIED)
    assert db.session.query(Run).one().version == 3
    told = summaries()
    assert "Decided to run restart_oims.yml. Attempt 1 of 2." in told
    assert "Playbook finished after 14 s. Tasks: 1 changed. oims-app was restarted." in told
    assert told.count("Verified: the same alert cleared and stayed clear.") == 1
    kinds = [mail.kind for mail in db.session.query(OutboxMessage).order_by(OutboxMessage.id)]
    assert kinds[::2] == [MailKind.CREATED, MailKind.RESOLVED, MailKind.REPAIRED]


@pytest.mark.usefixtures("context")
def test_a_playbook_that_refuses_is_quoted_on_the_timeline(settings: Settings, report: Any) -> None:
    take(settings, event())
    refused = {
        "name": "Check",
        "status": "failed",
        "duration_s": 0.1,
        "message": "it must\nrun once" + "!" * 600,
    }
    tasks = [{"name": "Find", "status": "ok", "duration_s": 0.1, "message": ""}, refused]
    assert report("runs", run(2, "failed", tasks=tasks, exit_code=2)) == 201
    (told,) = (text for text in summaries() if text.startswith("Playbook failed"))
    assert told.startswith("Playbook failed, exit status 2. Tasks: 1 ok, 1 failed. it must run once!!!")
    assert told.endswith("…")


@pytest.mark.usefixtures("context")
def test_reports_that_come_before_the_incident_are_attached_to_it(settings: Settings, report: Any) -> None:
    assert report("decisions", decision()) == 201
    assert report("runs", run(3, "succeeded", "verified")) == 201
    take(settings, event(), event("resolved"))
    incident = db.session.query(Incident).one()
    assert incident.verdict is Verdict.VERIFIED
    assert "Resolved by automation, verified." in summaries()
    assert {EventKind.DECISION, EventKind.RUN, EventKind.VERDICT} <= {
        item.kind for item in queries.timeline(incident.id)
    }


@pytest.mark.usefixtures("context")
def test_a_decision_that_gives_up_calls_for_people_once(settings: Settings, report: Any) -> None:
    take(settings, event())
    body = decision(
        decision="declined", reason="attempts_exhausted", detail="2 attempts did not help.", escalate=True
    )
    assert [report("decisions", body), report("decisions", body)] == [201, 200]
    assert "Not run: 2 attempts did not help." in summaries()
    assert summaries()[-1] == "Automation gave up and called for people: 2 attempts did not help."
    assert db.session.query(OutboxMessage).filter_by(kind=MailKind.GAVE_UP).count() == 2


@pytest.mark.usefixtures("context")
def test_an_alert_that_flaps_calls_for_people_once_an_hour(settings: Settings, report: Any) -> None:
    take(settings, event())
    given_up = {"decision": "declined", "detail": "A person has to look.", "escalate": True}
    for number in range(3):
        assert report("decisions", decision(id=f"flap-{number}", reason="flapping", **given_up)) == 201
    calls = db.session.query(OutboxMessage).filter_by(kind=MailKind.GAVE_UP)
    assert calls.count() == 2, "one for each of two people"
    assert report("decisions", decision(id="tried", reason="attempts_exhausted", **given_up)) == 201
    assert calls.count() == 4, "another reason is news"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs", run(1, "exploded")),
        ("runs", run(0, "running")),
        ("runs", run(1, "running", seq=2**63)),
        ("runs", {"id": "run-1"}),
        ("runs", run(1, "running", evidence={"big": "x" * 60_000})),
        ("decisions", decision(decision="maybe")),
        ("decisions", decision(decided_at="yesterday")),
        ("decisions", decision(id="")),
        ("automation/heartbeat", {"instance": "x"}),
    ],
)
def test_a_malformed_report_is_refused_with_its_fields(report: Any, path: str, body: dict[str, Any]) -> None:
    assert report(path, body) == 422


def sign_of_life(**changes: Any) -> dict[str, Any]:
    """Return what an automation on a host reports of itself."""
    return {
        "instance": "host-1",
        "version": "0.1.0",
        "location": "host",
        "paused": False,
        "last_seq": 3,
        "lag_s": 0.1,
        "remedies": [],
        "sent_at": T(1),
    } | changes


def test_the_heartbeat_hears_whether_people_paused_the_automation(
    client: FlaskClient, bearer: Callable[..., dict[str, str]], app: Any
) -> None:
    body = sign_of_life()
    headers = bearer(Scope.AUTOMATION)
    assert client.post("/api/v1/automation/heartbeat", json=body, headers=headers).json["paused"] is False
    with app.app_context():
        control.pause(actor=SYSTEM)
    assert client.post("/api/v1/automation/heartbeat", json=body, headers=headers).json["paused"] is True
    text = exposition(app).decode()
    assert "oims_automation_paused 1.0" in text
    assert "oims_automation_heartbeat_timestamp_seconds" in text


def test_a_pause_on_the_automations_host_and_its_lag_are_measured_too(
    app: Any, client: FlaskClient, bearer: Any
) -> None:
    beat = sign_of_life(paused=True, lag_s=75.5)
    client.post("/api/v1/automation/heartbeat", json=beat, headers=bearer(Scope.AUTOMATION))
    text = exposition(app).decode()
    assert "oims_automation_paused 1.0" in text
    assert "oims_automation_journal_lag_seconds 75.5" in text


def test_a_policy_that_differs_from_the_last_one_is_kept_in_the_audit_trail(
    client: FlaskClient, bearer: Any, app: Any
) -> None:
    headers = bearer(Scope.AUTOMATION)

    def beat(*remedies: dict[str, Any]) -> None:
        body = sign_of_life(remedies=remedies)
        assert client.post("/api/v1/automation/heartbeat", json=body, headers=headers).status_code == 200

    target = {"kind": "Deployment", "namespace": "shop", "name": "api"}
    shadow = {
        "name": "scale/Load",
        "alert": "Load",
        "playbook": "scale.yml",
        "mode": "shadow",
        "target": target,
    }
    beat(shadow, shadow | {"name": "old"})
    beat(shadow | {"runs_left_hour": 2}, shadow | {"name": "old"})
    with app.app_context():
        assert audit.latest(["policy_changed"], 9) == []
    beat(
        shadow | {"mode": "auto", "target": target | {"name": "web"}, "steps": ["scale.yml", "restart.yml"]},
        shadow | {"name": "new", "mode": "off"},
    )
    with app.app_context():
        (entry,) = audit.latest(["policy_changed"], 9)
        assert entry.actor_name == "automation host-1"
        assert entry.summary == (
            "The automation host-1 has another policy: new is new, mode off; "
            "scale/Load has mode auto, not shadow any more; scale/Load has steps scale.yml, restart.yml, "
            "not none any more; scale/Load has target Deployment shop/web, "
            "not Deployment shop/api any more; old is gone."
        )
