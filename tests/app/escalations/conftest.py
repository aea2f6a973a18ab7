"""A chain, incidents that go to it, and a worker that looks when time has passed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from app.automation import service as automation
from app.clock import now
from app.escalations import pager, service
from app.escalations.plan import Hours, Kind, Plan, Step, Target
from app.escalations.service import Draft
from app.extensions import db
from app.incidents import queries
from app.incidents import service as incidents
from app.records.accounts import User
from app.records.actors import SYSTEM, Actor
from app.records.escalations import Chain, Escalation
from app.records.incidents import EventKind, Incident
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from contract.reports import HeartbeatReport

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday."""


@pytest.fixture
def database_url(any_database_url: str) -> str:
    """Who is paged, and once, is about the database."""
    return any_database_url


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def person(user: User, wait: str = "5m", **values: Any) -> Step:
    seconds = int(wait.removesuffix("m")) * 60
    return Step(notify=Target(kind=Kind.PERSON, id=user.id), wait_s=seconds, **values)


@pytest.fixture
def make_chain(context: None) -> Callable[..., Chain]:
    def make(*steps: Step, name: str = "Shop", is_default: bool = True, **values: Any) -> Chain:
        plan = Plan(steps=steps, **({"repeats": 0, "hours": Hours()} | values))
        return service.create(Draft(name=name, plan=plan, is_default=is_default), actor=SYSTEM)

    return make


@pytest.fixture
def chain(clock: time_machine.Traveller, make_chain: Callable[..., Chain], alice: User, bob: User) -> Chain:
    """Alice, and after five minutes Bob."""
    return make_chain(person(alice), person(bob))


@pytest.fixture
def opened(clock: time_machine.Traveller, context: None) -> Callable[..., Incident]:
    def opened(
        title: str = "Checkout fails", severity: Severity = Severity.CRITICAL, **values: Any
    ) -> Incident:
        return incidents.create(title=title, severity=severity, actor=SYSTEM, **values)

    return opened


@pytest.fixture
def pass_(clock: time_machine.Traveller) -> Callable[..., None]:
    """Let time pass, and a worker look."""

    def pass_(minutes: float = 0) -> None:
        clock.shift(timedelta(minutes=minutes))
        while pager.look():
            pass
        db.session.rollback()

    return pass_


def pages() -> list[str]:
    """Whom pages went to, in order."""
    db.session.rollback()
    rows = (
        select(OutboxMessage.recipient).where(OutboxMessage.kind == MailKind.PAGE).order_by(OutboxMessage.id)
    )
    return [address.partition("@")[0] for address in db.session.scalars(rows)]


def told(incident: Incident | int, *kinds: EventKind) -> list[str]:
    """What the timeline says about paging."""
    db.session.rollback()
    number = incident if isinstance(incident, int) else incident.id
    wanted = kinds or (EventKind.PAGED, EventKind.PAGE_HELD, EventKind.PAGE_JOINED, EventKind.PAGING_ENDED)
    return [event.summary for event in queries.timeline(number) if event.kind in wanted]


def escalation(incident: Incident) -> Escalation:
    db.session.rollback()
    statement = select(Escalation).where(Escalation.incident_id == incident.id)
    return db.session.scalars(statement.order_by(Escalation.id.desc())).first()


def sign_of_life() -> None:
    """Automation lives, and tells so."""
    automation.take_heartbeat(
        HeartbeatReport(
            instance="ops-1",
            version="0.1.0",
            location="host",
            paused=False,
            last_seq=1,
            lag_s=0.1,
            remedies=[],
            sent_at=now(),
        )
    )


def me(user: User) -> Actor:
    return Actor.person(user)
