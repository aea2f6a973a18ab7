"""Demo data: months of made-up incidents, as people, alerts and automation would have left them.

The same seed gives the same incidents, at times that end now. For screenshots and for measuring.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from random import Random
from typing import Any

from sqlalchemy import func, insert, select, text

from app.automation.sentences import of_decision
from app.clock import now
from app.database import Base, transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records.accounts import Role, User, UserStatus
from app.records.actors import ActorKind
from app.records.alerts import AlertEvent
from app.records.automation import Decision, Run
from app.records.incidents import EventKind, Incident, Source, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from contract.decisions import DecisionKind, Reason
from contract.moments import rfc3339
from contract.runs import RunState, Verdict

MOST = 100_000
DAYS = 90
BATCH = 1_000
PEOPLE = ("Ada", "Grace", "Linus", "Margaret")
SERVICES = ("shop", "search", "payment", "mail", "stock", "login")
FAULTS = (
    ("Errors", "Error rate of the {} API above 5 %", Severity.CRITICAL, "restart_oims.yml"),
    ("Slow", "The {} API answers slowly", Severity.HIGH, "restart_oims.yml"),
    ("Saturated", "All workers of {} are busy", Severity.MEDIUM, "scale_oims.yml"),
    ("DiskFilling", "The disk of {} fills within a day", Severity.LOW, None),
)
TASKS = [
    {"name": "Check the target", "status": "ok", "duration_s": 0.4, "message": None},
    {"name": "Restart the rollout", "status": "changed", "duration_s": 0.6, "message": None},
    {"name": "Wait until ready", "status": "ok", "duration_s": 12.7, "message": None},
]

type Row = dict[str, Any]


@dataclass
class Draft:
    """One incident with everything around it, as rows."""

    incident: Row
    events: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)

    def add_entry(
        self, at: datetime, kind: EventKind, actor: tuple[ActorKind, str], summary: str, **data: Any
    ) -> None:
        """Add a timeline entry."""
        self.incident["updated_at"] = at
        row = {"incident_id": self.incident["id"], "at": at, "kind": kind, "summary": summary, "data": data}
        self.events.append(row | {"actor_kind": actor[0], "actor_name": actor[1]})


ALERTING = (ActorKind.SYSTEM, "Alertmanager")
ROBOT = (ActorKind.AUTOMATION, "Automation")


def make(count: int, *, seed: int = 1) -> None:
    """Fill an empty installation with so many incidents.

    Raises:
        InvalidInput: the number is not between 1 and MOST, or there are incidents already.

    """
    if not 1 <= count <= MOST:
        raise InvalidInput(f"--incidents must be between 1 and {MOST:,}.")
    with transaction():
        if db.session.scalar(select(func.count()).select_from(Incident)):
            raise InvalidInput("There are incidents already; demo data goes into an empty database only.")
        people = _people()
        for batch in batched(_stories(count, Random(seed), people), BATCH):  # noqa: S311 - no secret
            _store(batch)
        if db.engine.dialect.name == "postgresql":
            db.session.execute(
                text("SELECT setval(pg_get_serial_sequence('incidents', 'id'), :n)"), {"n": count}
            )


def _people() -> list[User]:
    """Make the people; they have no password, so nobody can log in as them."""
    people = [
        User(email=f"{name.lower()}@demo.invalid", name=name, role=Role.RESPONDER, status=UserStatus.ACTIVE)
        for name in PEOPLE
    ]
    db.session.add_all(people)
    db.session.flush()
    return people


def _store(stories: tuple[Draft, ...]) -> None:
    tables: tuple[tuple[type[Base], list[Row]], ...] = (
        (Incident, [draft.incident for draft in stories]),
        (AlertEvent, [row for draft in stories for row in draft.alerts]),
        (Decision, [row for draft in stories for row in draft.decisions]),
        (Run, [row for draft in stories for row in draft.runs]),
        (TimelineEvent, [row for draft in stories for row in draft.events]),
    )
    for model, rows in tables:
        if rows:
            db.session.execute(insert(model), rows)


def _stories(count: int, random: Random, people: list[User]) -> Iterator[Draft]:
    end = now()
    step = timedelta(days=DAYS) / count
    for number in range(1, count + 1):
        opened_at = end - step * (count - number) - step * random.random() * 0.9 - timedelta(minutes=1)
        is_fresh = number > count - min(6, count // 4)
        person = random.choice(people)
        if random.random() < 0.2:  # noqa: PLR2004 - a share of all incidents
            yield _reported(number, opened_at, random, person, is_fresh=is_fresh)
        else:
            yield _alerted(number, opened_at, random, person, is_fresh=is_fresh)


def _reported(number: int, at: datetime, random: Random, person: User, *, is_fresh: bool) -> Draft:
    service = random.choice(SERVICES)
    title = f"Customers report trouble with {service}"
    draft = Draft(
        _incident(
            number, at, title, severity=random.choice(list(Severity)), service=service, source=Source.PERSON
        )
    )
    actor = (ActorKind.PERSON, person.name)
    draft.add_entry(at, EventKind.OPENED, actor, f"Opened by {person.name}.")
    _worked_on(draft, at, random, person, is_fresh=is_fresh)
    return draft


def _alerted(number: int, at: datetime, random: Random, person: User, *, is_fresh: bool) -> Draft:
    service = random.choice(SERVICES)
    name, title, severity, playbook = random.choice(FAULTS)
    draft = Draft(
        _incident(number, at, title.format(service), severity=severity, service=service, source=Source.ALERT)
    )
    alertname = f"{service.capitalize()}{name}"
    fingerprint = hashlib.sha256(alertname.encode()).hexdigest()[:16]
    episode = hashlib.sha256(f"{fingerprint}{number}".encode()).hexdigest()
    labels = {"alertname": alertname, "service": service, "severity": severity.value}
    draft.incident |= {
        "alertname": alertname,
        "fingerprint": fingerprint,
        "episode": episode,
        "labels": labels,
    }
    draft.incident["is_firing"] = is_fresh
    _fire(draft, at, "firing")
    opening = f"Opened from alert {alertname}, event {number * 2}."
    fired = {"seq": number * 2, "episode": episode, "fired_at": rfc3339(at - timedelta(seconds=4))}
    draft.add_entry(at, EventKind.OPENED, ALERTING, opening, **fired)
    helps = random.random() < 0.85 if playbook else False  # noqa: PLR2004 - a share of all runs
    if playbook is None:
        detail = f"no remedy in the policy names {alertname}."
        _decide(draft, at, DecisionKind.DECLINED, detail, reason=Reason.NOT_IN_POLICY)
    elif random.random() < 0.15:  # noqa: PLR2004 - a share of all decisions
        helps = False
        detail = "the last run on this target was 3 min ago."
        _decide(draft, at, DecisionKind.DEFERRED, detail, reason=Reason.COOLDOWN)
    else:
        _decide(draft, at, DecisionKind.RUN, "Attempt 1 of 2, 2 of 3 runs left this hour.", playbook=playbook)
        _run(draft, at, random, playbook, helps=helps)
    if helps:
        ended_at = at + timedelta(minutes=3 + random.random())
        _resolve(draft, ended_at, ROBOT, "Resolved by automation, verified.")
    else:
        _worked_on(draft, at, random, person, is_fresh=is_fresh)
    if draft.incident["resolved_at"] is not None:
        draft.incident["is_firing"] = False
        _fire(draft, draft.incident["resolved_at"], "resolved")
    return draft


def _incident(
    number: int, at: datetime, title: str, *, severity: Severity, service: str, source: Source
) -> Row:
    empty = dict.fromkeys(
        ("alertname", "fingerprint", "episode", "verdict", "owner_id", "acknowledged_at", "resolved_at")
    )
    return empty | {
        "id": number,
        "title": title,
        "description": "",
        "state": State.OPEN,
        "severity": severity,
        "source": source,
        "service": service,
        "labels": {},
        "annotations": {},
        "is_firing": False,
        "opened_at": at,
        "updated_at": at,
        "version": 1,
    }


def _worked_on(draft: Draft, at: datetime, random: Random, person: User, *, is_fresh: bool) -> None:
    """Let a person take the incident and resolve it; fresh ones are still open, or just taken."""
    if is_fresh and random.random() < 0.5:  # noqa: PLR2004 - half of them
        return
    actor = (ActorKind.PERSON, person.name)
    taken_at = at + timedelta(minutes=random.uniform(1, 20))
    draft.incident |= {"owner_id": person.id, "state": State.ACKNOWLEDGED, "acknowledged_at": taken_at}
    draft.add_entry(taken_at, EventKind.ACKNOWLEDGED, actor, f"Acknowledged by {person.name}.")
    if not is_fresh:
        ended_at = taken_at + timedelta(minutes=random.uniform(5, 180))
        _resolve(draft, ended_at, actor, f"Resolved by {person.name}: the cause is mended.")


def _resolve(draft: Draft, at: datetime, actor: tuple[ActorKind, str], summary: str) -> None:
    draft.incident |= {"state": State.RESOLVED, "resolved_at": at}
    draft.add_entry(at, EventKind.RESOLVED, actor, summary)


def _fire(draft: Draft, at: datetime, status: str) -> None:
    row = draft.incident
    seq = row["id"] * 2 + (status == "resolved")
    draft.alerts.append(
        {"id": f"{row['episode']}-{status}", "seq": seq, "status": status, "source": "alertmanager"}
        | {"episode": row["episode"], "fingerprint": row["fingerprint"], "incident_id": row["id"]}
        | {"starts_at": row["opened_at"], "received_at": at}
    )


def _about(draft: Draft) -> Row:
    row = draft.incident
    target = {"kind": "Deployment", "namespace": row["service"], "name": "api"}
    known = {key: row[key] for key in ("episode", "fingerprint", "alertname")}
    return known | {
        "incident_id": row["id"],
        "event_id": row["episode"],
        "seq": row["id"] * 2,
        "remedy": row["alertname"],
        "target": target,
        "attempt": 1,
    }


def _decide(draft: Draft, at: datetime, decision: DecisionKind, detail: str, **fields: Any) -> None:
    at += timedelta(seconds=5)
    given = {"reason": None, "playbook": None, "until": None, "escalate": False} | fields
    row = _about(draft) | {"id": f"decision-{draft.incident['id']}", "decision": decision, "detail": detail}
    draft.decisions.append(row | {"decided_at": at, "received_at": at} | given)
    summary = of_decision(Decision(decision=decision, playbook=given["playbook"], detail=detail))
    draft.add_entry(at, EventKind.DECISION, ROBOT, summary, decision=decision, reason=given["reason"])


def _run(draft: Draft, at: datetime, random: Random, playbook: str, *, helps: bool) -> None:
    started_at, took = at + timedelta(seconds=6), random.uniform(9, 40)
    finished_at = started_at + timedelta(seconds=took)
    judged_at = at + timedelta(minutes=3)
    verdict = Verdict.VERIFIED if helps else Verdict.STILL_FIRING
    run_id = f"run-{draft.incident['id']}"
    draft.incident["verdict"] = verdict
    said = "The same alert cleared and stayed clear for 2 min." if helps else "The alert still fires."
    told = f"Verified: {said}" if helps else "The repair did not help: the alert still fires."
    draft.runs.append(
        _about(draft)
        | {"id": run_id, "version": 4, "playbook": playbook, "mode": "auto", "state": RunState.SUCCEEDED}
        | {"queued_at": at, "started_at": started_at, "finished_at": finished_at, "received_at": judged_at}
        | {"exit_code": 0, "duration_s": round(took, 1), "tasks": TASKS, "output_tail": "", "evidence": {}}
        | {"verification": verdict, "verdict_at": judged_at, "verdict_detail": said}
    )
    for moment, kind, phase, summary in (
        (started_at, EventKind.RUN, "started", f"Playbook started: {playbook}, attempt 1."),
        (finished_at, EventKind.RUN, "finished", f"Playbook finished after {took:.0f} s."),
        (judged_at, EventKind.VERDICT, verdict.value, told),
    ):
        draft.add_entry(moment, kind, ROBOT, summary, run_id=run_id, phase=phase)
