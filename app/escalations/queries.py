"""Reading chains, routes, and how the paging for incidents stands."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select

from app.errors import NotFound
from app.escalations.plan import Plan
from app.extensions import db
from app.paging import MAX_ID
from app.records.escalations import ACTIVE, Chain, Escalation, EscalationState, Page, Route
from app.records.incidents import Incident
from app.records.lifecycle import State

OWN_ALERT = "PagesUnanswered"
"""The alert on chains that ended unanswered: its own incident must not keep it firing."""


def chains() -> Sequence[Chain]:
    """Return all chains by name."""
    return db.session.scalars(select(Chain).order_by(Chain.name)).all()


def find_chain(chain_id: int) -> Chain | None:
    """Return one chain, or nothing."""
    return db.session.get(Chain, chain_id) if 0 < chain_id <= MAX_ID else None


def chain(chain_id: int, *, is_locked: bool = False) -> Chain:
    """Return one chain; locked until the end of the transaction where it is to be changed.

    Raises:
        NotFound: there is none with this id.

    """
    found = None
    if chain_id <= MAX_ID:
        found = db.session.get(Chain, chain_id, with_for_update=is_locked or None)
    if found is None:
        raise NotFound(f"There is no escalation chain {chain_id}.")
    return found


def plan(chain: Chain) -> Plan:
    """Return what a chain says."""
    return Plan.model_validate(chain.plan)


def routes() -> Sequence[Route]:
    """Return all routes in the order in which they are asked."""
    return db.session.scalars(select(Route).order_by(Route.position, Route.id)).all()


def route(route_id: int, *, is_locked: bool = False) -> Route:
    """Return one route; locked until the end of the transaction where it is to be changed.

    Raises:
        NotFound: there is none with this id.

    """
    found = None
    if route_id <= MAX_ID:
        found = db.session.get(Route, route_id, with_for_update=is_locked or None)
    if found is None:
        raise NotFound(f"There is no route {route_id}.")
    return found


def of_incident(incident_id: int) -> Escalation | None:
    """Return the newest escalation of an incident, or nothing."""
    statement = select(Escalation).where(Escalation.incident_id == incident_id)
    return db.session.scalar(statement.order_by(Escalation.id.desc()).limit(1))


def active_of(incident_ids: Collection[int]) -> dict[int, Escalation]:
    """Return the escalations of these incidents that may still page somebody."""
    statement = select(Escalation).where(
        Escalation.incident_id.in_(incident_ids), Escalation.state.in_(ACTIVE)
    )
    return {row.incident_id: row for row in db.session.scalars(statement.order_by(Escalation.id))}


def joined(escalation_id: int) -> int:
    """Return how many further incidents the page of an escalation tells of."""
    statement = select(func.count()).where(
        Escalation.joined_to == escalation_id, Escalation.state == EscalationState.JOINED
    )
    return db.session.scalar(statement) or 0


def counts() -> dict[EscalationState, int]:
    """Return how many escalations there are per state."""
    rows = db.session.execute(select(Escalation.state, func.count()).group_by(Escalation.state))
    return {state: count for state, count in rows}  # noqa: C416 - rows are no tuples to the type checker


def unanswered() -> int:
    """Return how many open incidents have a chain that ended unanswered."""
    statement = (
        select(func.count(Incident.id.distinct()))
        .join(Escalation, Escalation.incident_id == Incident.id)
        .where(
            Escalation.state == EscalationState.UNANSWERED,
            Incident.state == State.OPEN,
            func.coalesce(Incident.alertname, "") != OWN_ALERT,
        )
    )
    return db.session.scalar(statement) or 0


def page_counts() -> tuple[int, int]:
    """Return how many pages left, and how many did not since they were over a person's cap."""
    rows = db.session.execute(select(Page.is_sent, func.count()).group_by(Page.is_sent))
    found = {is_sent: count for is_sent, count in rows}  # noqa: C416 - rows are no tuples to the type checker
    return found.get(True, 0), found.get(False, 0)
