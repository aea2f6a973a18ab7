"""What people and programs do with chains and routes. Each change has its entry in the audit trail."""

from dataclasses import dataclass, field

from pydantic import ValidationError
from sqlalchemy import func, select, update

from app.database import transaction
from app.errors import FieldError, InvalidInput
from app.escalations import people, queries
from app.escalations.plan import Plan
from app.extensions import db
from app.maintenance import matching
from app.records import audit
from app.records.actors import Actor
from app.records.audit_entries import ChainChanged, ChainCreated, ChainDeleted, RoutesChanged
from app.records.escalations import Chain, Route
from app.text import entered
from contract import limits
from contract.text import one_line


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A chain as it is to be."""

    name: str
    plan: Plan
    is_default: bool = field(default=False)


def read_plan(values: dict[str, object]) -> Plan:
    """Return a plan of what a form or a program gave.

    Raises:
        InvalidInput: with what is wrong, and where.

    """
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        errors: list[FieldError] = [
            {
                "field": ".".join(str(part) for part in item["loc"]) or "steps",
                "message": item["msg"].removeprefix("Value error, "),
            }
            for item in error.errors(include_url=False)
        ]
        raise InvalidInput(errors[0]["message"], errors) from None


def create(draft: Draft, *, actor: Actor) -> Chain:
    """Make a chain; as the default one it takes the place of the one before.

    Raises:
        InvalidInput: the name is taken or empty, somebody named can't be paged, or there are too many.

    """
    with transaction():
        name = _checked(draft)
        if (db.session.scalar(select(func.count()).select_from(Chain)) or 0) >= limits.CHAINS:
            raise InvalidInput(f"There are {limits.CHAINS} chains already; delete one first.")
        chain = Chain(name=name, plan=draft.plan.model_dump(mode="json"), created_by=actor.name)
        db.session.add(chain)
        db.session.flush()
        _set_default(chain, is_default=draft.is_default)
        audit.record(ChainCreated(chain=chain.id), actor, f"{actor.name} made chain {chain.id}: {chain.name}")
    return chain


def change(chain_id: int, draft: Draft, *, actor: Actor) -> Chain:
    """Change a chain, for incidents from now on: what is under way keeps to the chain as it was.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: as for `create`.

    """
    with transaction():
        chain = queries.chain(chain_id, is_locked=True)
        chain.name = _checked(draft, but=chain_id)
        chain.plan = draft.plan.model_dump(mode="json")
        _set_default(chain, is_default=draft.is_default)
        audit.record(
            ChainChanged(chain=chain.id), actor, f"{actor.name} changed chain {chain.id}: {chain.name}"
        )
    return chain


def delete(chain_id: int, *, actor: Actor) -> None:
    """Forget a chain; what is under way goes on.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: a route leads to it.

    """
    with transaction():
        chain = queries.chain(chain_id, is_locked=True)
        if db.session.scalar(select(Route.id).where(Route.chain_id == chain_id).limit(1)) is not None:
            raise InvalidInput("A route leads to this chain; delete the route first.")
        audit.record(
            ChainDeleted(chain=chain.id), actor, f"{actor.name} deleted chain {chain.id}: {chain.name}"
        )
        db.session.delete(chain)


def add_route(*, matchers: str, chain_id: int, actor: Actor) -> Route:
    """Lead incidents that match to a chain; the new route is asked last.

    Raises:
        InvalidInput: the matchers can't be read, there is no such chain, or there are too many routes.

    """
    conditions = matching.read(matchers)
    with transaction():
        _check_chain(chain_id)
        last = db.session.execute(select(func.count(), func.max(Route.position)).select_from(Route)).one()
        if last[0] >= limits.CHAINS:
            raise InvalidInput(f"There are {limits.CHAINS} routes already; delete one first.")
        route = Route(
            position=(last[1] or 0) + 1, matchers=conditions, chain_id=chain_id, created_by=actor.name
        )
        db.session.add(route)
        db.session.flush()
        _tell(route, actor, "made")
    return route


def change_route(route_id: int, *, matchers: str, chain_id: int, actor: Actor) -> Route:
    """Change what a route matches, and where it leads.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: as for `add_route`.

    """
    conditions = matching.read(matchers)
    with transaction():
        route = queries.route(route_id, is_locked=True)
        _check_chain(chain_id)
        route.matchers, route.chain_id = conditions, chain_id
        _tell(route, actor, "changed")
    return route


def raise_route(route_id: int, *, actor: Actor) -> Route:
    """Have a route asked before the one that is asked before it now; the first one stays.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        route = queries.route(route_id, is_locked=True)
        above = db.session.scalar(
            select(Route)
            .where(Route.position < route.position)
            .order_by(Route.position.desc())
            .limit(1)
            .with_for_update()
        )
        if above is not None:
            route.position, above.position = above.position, route.position
            _tell(route, actor, "moved up")
    return route


def delete_route(route_id: int, *, actor: Actor) -> None:
    """Forget a route.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        route = queries.route(route_id, is_locked=True)
        _tell(route, actor, "deleted")
        db.session.delete(route)


def _tell(route: Route, actor: Actor, verb: str) -> None:
    audit.record(RoutesChanged(route=route.id), actor, f"{actor.name} {verb} route {route.id}.")


def _check_chain(chain_id: int) -> None:
    if queries.find_chain(chain_id) is None:
        message = "There is no such chain."
        raise InvalidInput(message, [{"field": "chain", "message": message}])


def _set_default(chain: Chain, *, is_default: bool) -> None:
    if is_default:
        db.session.execute(
            update(Chain).where(Chain.id != chain.id, Chain.is_default).values(is_default=False)
        )
    chain.is_default = is_default


def _checked(draft: Draft, but: int | None = None) -> str:
    """Return the chain's name; raises InvalidInput where something of the draft can't be."""
    name = one_line(entered("name", draft.name, limits.CHAIN_NAME, required=True))
    if db.session.scalar(select(Chain.id).where(Chain.name == name, Chain.id != (but or 0))) is not None:
        raise _wrong("name", "There is a chain of this name already.")
    for target in draft.plan.targets():
        if not people.exists(target):
            raise _wrong("steps", f"There is no {target.kind} {target.id} that can be paged.")
    return name


def _wrong(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, [{"field": name, "message": message}])
