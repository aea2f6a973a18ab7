"""Chains and a route as the pictures show them, and a page that was sent."""

import secrets

from sqlalchemy import select

from app.clock import now
from app.database import transaction
from app.escalations import notify, pager, service
from app.escalations.plan import Kind, Plan, Step, Target, When
from app.escalations.service import Draft
from app.extensions import db
from app.incidents import service as incidents
from app.records.actors import Actor, ActorKind
from app.records.escalations import Escalation, Page
from app.severities import Severity

BY = Actor(ActorKind.SYSTEM, "Nora")


def make(user_id: int) -> tuple[int, int, str]:
    """Make chains, a route and a page to this person; return chain, route and the path of the page's link."""
    whom = Target(kind=Kind.PERSON, id=user_id)
    steps = (
        Step(notify=whom, wait_s=300),
        Step(notify=whom, wait_s=600, when=When.WORKING_HOURS),
        Step(notify=whom, wait_s=600, when=When.OFF_HOURS),
    )
    chain = service.create(
        Draft(name="Shop", plan=Plan(steps=steps, last_resort=whom), is_default=True), actor=BY
    )
    other = service.create(Draft(name="Payments", plan=Plan(steps=steps[:1], repeats=3)), actor=BY)
    route = service.add_route(matchers="team=payment, severity=~critical|high", chain_id=other.id, actor=BY)
    incident = incidents.create(title="Checkout answers with errors", severity=Severity.CRITICAL, actor=BY)
    while pager.look():
        pass
    with transaction():
        escalation = db.session.scalars(select(Escalation).where(Escalation.incident_id == incident.id)).one()
        key = secrets.token_hex(16)
        db.session.add(
            Page(
                escalation_id=escalation.id,
                incident_id=incident.id,
                user_id=user_id,
                at=now(),
                round=9,
                step=0,
                is_sent=True,
                key=key,
            )
        )
    return chain.id, route.id, "/pages/" + notify.link(key).rpartition("/pages/")[2]
