"""Incidents as they happen in real life, told through the app's public use cases at chosen times."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import time_machine

from app import clock
from app.accounts import service as accounts
from app.automation import service as automation
from app.config import Settings
from app.incidents import service
from app.records.accounts import Role, UserStatus
from app.records.actors import Actor
from app.records.incidents import Incident
from app.severities import Severity
from contract.reports import HeartbeatReport
from tests.app.pages.alerts import TARGET, TASKS, Alert

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """Somebody with an account; safe to use outside of a database session."""

    id: int
    email: str
    actor: Actor


def person(name: str, role: Role = Role.RESPONDER) -> Person:
    """Make an account that can log in with PASSWORD."""
    user = accounts.register(
        email=f"{name.lower()}@example.org", name=name, password=PASSWORD, status=UserStatus.ACTIVE, role=role
    )
    return Person(user.id, user.email, Actor.person(user))


def healed(settings: Settings, at: datetime) -> Incident:
    """An alert that automation repaired and verified."""
    alert = Alert(
        settings,
        "ShopErrors",
        at,
        labels={"severity": "critical", "namespace": "shop", "deployment": "api", "service": "shop"},
        annotations={
            "summary": "Error rate of the shop API above 5 %",
            "description": "More than 5 % of the requests to the shop API fail.",
            "runbook_url": "https://runbooks.example.org/shop-errors",
        },
    )
    alert.fires()
    alert.decided("run", "Remedy “shop-errors”, attempt 1 of 2, 2 of 3 runs left this hour.")
    alert.ran("running")
    alert.finished("succeeded", 19, verification="pending")
    alert.ends(46)
    alert.finished(
        "succeeded",
        19,
        verification="verified",
        verdict_at=at + timedelta(seconds=192),
        verdict_detail="The same alert cleared after 41 s and stayed clear for 2 min; 3 of 3 replicas ready.",
        evidence={"ready_replicas": 3, "held_s": 120},
    )
    return alert.incident


def waiting(settings: Settings, at: datetime) -> Incident:
    """An alert that fires while the remedy may not run again yet."""
    alert = Alert(
        settings,
        "ShopSlow",
        at,
        labels={"severity": "high", "service": "shop"},
        annotations={"summary": "The shop answers slowly"},
    )
    alert.fires()
    alert.decided(
        "deferred",
        "the last run on Deployment shop/api was 3 min ago (cooldown 5 min).",
        reason="cooldown",
        until=at + timedelta(minutes=2),
    )
    return alert.incident


def repairing(settings: Settings, at: datetime) -> Incident:
    """An alert whose playbook runs now."""
    alert = Alert(
        settings,
        "QueueStuck",
        at,
        labels={"severity": "critical", "service": "queue"},
        annotations={"summary": "The order queue is stuck"},
    )
    alert.fires()
    alert.decided("run", "Remedy “queue”, attempt 1 of 2, 3 of 3 runs left this hour.")
    alert.ran("running", tasks=TASKS[:2])
    return alert.incident


def unnamed(settings: Settings, at: datetime) -> Incident:
    """An alert the policy does not name."""
    alert = Alert(
        settings,
        "DiskFilling",
        at,
        labels={"severity": "medium", "instance": "db-1"},
        annotations={"summary": "Disk of db-1 fills within 4 hours"},
    )
    alert.fires()
    alert.decided(
        "declined",
        "no remedy in the policy names DiskFilling.",
        reason="not_in_policy",
        remedy=None,
        playbook=None,
        target=None,
    )
    return alert.incident


def asking(settings: Settings, at: datetime, preview: str = "replicas: 2 -> 3") -> Incident:
    """An alert whose remedy waits for a person's word."""
    alert = Alert(settings, "ShopSaturated", at, labels={"severity": "high"})
    alert.fires(after=0)
    alert.decided(
        "deferred",
        "a person must approve it.",
        after=1,
        reason="awaiting_approval",
        remedy="shop-saturated",
        playbook="scale_oims.yml",
        approval={
            "id": "question-1",
            "expires_at": clock.now() + timedelta(minutes=15),
            "preview": preview,
            "command": "ansible-playbook scale_oims.yml",
        },
    )
    return alert.incident


def ineffective(settings: Settings, at: datetime) -> Incident:
    """A repair that did not help, so that people were called."""
    alert = Alert(
        settings,
        "PaymentErrors",
        at,
        labels={"severity": "critical", "service": "payment"},
        annotations={"summary": "Payments fail"},
    )
    alert.fires()
    alert.decided("run", "Remedy “payment”, attempt 2 of 2.")
    failed = [
        TASKS[0],
        {
            "name": "Wait until ready",
            "status": "failed",
            "duration_s": 60.2,
            "message": "1 of 3 replicas ready after 60 s",
        },
    ]
    alert.finished("failed", 70, tasks=failed, exit_code=2, attempt=2)
    alert.decided(
        "declined",
        "2 of 2 attempts are used up, a person is needed.",
        after=75,
        reason="attempts_exhausted",
        escalate=True,
    )
    return alert.incident


def trial_alert(settings: Settings, at: datetime) -> Incident:
    """The alert of the first steps."""
    summary = {"summary": "A test of the path of an alert"}
    return Alert(settings, "TestAlert", at, labels={"severity": "low"}, annotations=summary).fires(after=0)


def reported(author: Person, at: datetime, title: str = "Checkout answers with errors") -> Incident:
    """An incident that a person noticed and nobody has taken."""
    with time_machine.travel(at, tick=False):
        return service.create(
            title=title,
            severity=Severity.HIGH,
            service="checkout",
            actor=author.actor,
            description="Customers call: paying by card fails since about noon.\nInvoices work.",
        )


def taken(author: Person, owner: Person, at: datetime) -> Incident:
    """An incident that a person works on."""
    incident = reported(author, at, "Search finds nothing in the new catalogue")
    with time_machine.travel(at + timedelta(minutes=2), tick=False):
        service.acknowledge(incident.id, actor=owner.actor)
    with time_machine.travel(at + timedelta(minutes=6), tick=False):
        service.comment(
            incident.id, body="The index was built from yesterday's export.\nRebuilding.", actor=owner.actor
        )
    return incident


def heartbeat() -> None:
    """A sign of life of the automation, now."""
    remedies = [
        {
            "name": "shop-errors",
            "alert": "ShopErrors",
            "playbook": "restart_oims.yml",
            "mode": "auto",
            "target": TARGET,
            "runs_left_hour": 2,
        },
        {
            "name": "shop-saturated",
            "alert": "ShopSaturated",
            "playbook": "scale_oims.yml",
            "mode": "approve",
            "target": TARGET,
            "runs_left_hour": 3,
        },
        {
            "name": "shop-pods",
            "alert": "KubePodNotReady",
            "playbook": "restart_oims.yml",
            "steps": ["restart_oims.yml", "rollback_oims.yml"],
            "mode": "shadow",
            "target_rule": "owner of the alert's Pod in shop",
            "runs_left_hour": 3,
        },
    ]
    automation.take_heartbeat(
        HeartbeatReport(
            instance="ops-1",
            version="0.1.0",
            location="host",
            paused=False,
            last_seq=Alert.seq,
            lag_s=0.2,
            remedies=remedies,
            sent_at=clock.now(),
        )
    )


def everything_but_people(settings: Settings) -> None:
    """A morning of the machine, ending now."""
    now = datetime.now(UTC).replace(microsecond=0)
    healed(settings, now - timedelta(minutes=42))
    ineffective(settings, now - timedelta(minutes=18))
    unnamed(settings, now - timedelta(minutes=14))
    waiting(settings, now - timedelta(minutes=3))
    repairing(settings, now - timedelta(seconds=20))
    heartbeat()
