"""Which chain an incident goes to, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from app.database import once
from app.extensions import db
from app.records.escalations import Chain, Route
from app.records.incidents import Incident
from contract.matchers import Matcher


@dataclass(frozen=True)
class Answer:
    """What one route says to an incident: the condition that fails, or that all hold."""

    route: Route
    failed: Matcher | None


@dataclass(frozen=True)
class Choice:
    """The chain, and what each route said that was asked before it was found."""

    chain: Chain | None
    answers: Sequence[Answer] = ()

    @property
    def route(self) -> Route | None:
        """Return the route that led there; none for the default chain."""
        return next((answer.route for answer in self.answers if answer.failed is None), None)


def words_of(incident: Incident) -> dict[str, str]:
    """Return what routes see of an incident: its labels, and OIMS' own severity, service and source.

    The severity is always OIMS' own word; service and source only where no label says them.
    """
    own = {"source": incident.source.value, "service": incident.service or ""}
    return own | incident.labels | incident.tags | {"severity": str(incident.severity)}


def choose(words: Mapping[str, str]) -> Choice:
    """Return the chain for an incident of these words: of the first route that fits, or the default."""
    answers: list[Answer] = []
    routes, default = once("routes", _read)
    for route, chain in routes:
        failed = next((one for one in conditions(route) if not one.holds(words)), None)
        answers.append(Answer(route, failed))
        if failed is None:
            return Choice(chain, answers)
    return Choice(default, answers)


def conditions(route: Route) -> list[Matcher]:
    """Return the matchers of a route; as text each reads as people write it."""
    return [Matcher.model_validate(matcher) for matcher in route.matchers]


def _read() -> tuple[Sequence[tuple[Route, Chain]], Chain | None]:
    """Return the routes in their order with their chains, and the default chain; by one statement."""
    rows = db.session.execute(
        select(Chain, Route)
        .outerjoin(Route, Route.chain_id == Chain.id)
        .where(or_(Route.id.is_not(None), Chain.is_default))
        .order_by(Route.position, Route.id)
    ).all()
    default = next((chain for chain, _ in rows if chain.is_default), None)
    return [(route, chain) for chain, route in rows if route is not None], default
