"""Chains, routes and paging over the API."""

from http import HTTPStatus

from flask import current_app

from app import severities
from app.api.auth import actor
from app.api.incidents import shown
from app.api.operations import operation
from app.api.preconditions import precondition
from app.api.schemas.base import ListOf, Nothing
from app.api.schemas.escalations import ChainIn, ChainOut, HelpIn, PagingOut, RouteIn, RouteOut, WhoIn, WhoOut
from app.api.schemas.incidents import IncidentOut
from app.clock import now
from app.escalations import explain, queries, service
from app.escalations.plan import Target
from app.incidents import helping
from app.incidents import queries as incidents
from app.records.accounts import Scope

CHAIN = "/chains/<int:chain_id>"
ROUTE = "/routes/<int:route_id>"
CREATED = (HTTPStatus.CREATED,)


@operation("GET", "/chains", scope=Scope.READ, answers=ListOf[ChainOut])
def list_chains() -> ListOf[ChainOut]:
    """List all escalation chains by name, in one part."""
    return ListOf[ChainOut](items=[ChainOut.of(chain) for chain in queries.chains()], next=None)


@operation("POST", "/chains", scope=Scope.WRITE, body=ChainIn, answers=ChainOut, statuses=CREATED)
def create_chain(*, body: ChainIn) -> ChainOut:
    """Make an escalation chain."""
    return ChainOut.of(service.create(body.draft(), actor=actor()))


@operation("GET", CHAIN, scope=Scope.READ, answers=ChainOut)
def get_chain(*, chain_id: int) -> ChainOut:
    """Show one escalation chain."""
    return ChainOut.of(queries.chain(chain_id))


@operation("POST", CHAIN, scope=Scope.WRITE, body=ChainIn, answers=ChainOut)
def change_chain(*, chain_id: int, body: ChainIn) -> ChainOut:
    """Change an escalation chain, for incidents from now on; what is left out gets its default."""
    return ChainOut.of(service.change(chain_id, body.draft(), actor=actor()))


@operation("POST", f"{CHAIN}/delete", scope=Scope.WRITE, body=Nothing, answers=ChainOut)
def delete_chain(*, chain_id: int, body: Nothing) -> ChainOut:
    """Forget an escalation chain; the answer is what it was."""
    del body
    shown = ChainOut.of(queries.chain(chain_id))
    service.delete(chain_id, actor=actor())
    return shown


@operation("POST", "/chains/explain", scope=Scope.READ, body=WhoIn, answers=WhoOut)
def explain_paging(*, body: WhoIn) -> WhoOut:
    """Say who would be paged about an alert, and why; nothing is sent."""
    settings = current_app.config["SETTINGS"]
    severity, _ = severities.meaning(body.labels, settings.severity_labels, settings.severity_words)
    service_name = next((body.labels[name] for name in settings.service_labels if body.labels.get(name)), "")
    return WhoOut.of(explain.explain(body.labels, body.severity or severity, service_name, body.at or now()))


@operation("GET", "/routes", scope=Scope.READ, answers=ListOf[RouteOut])
def list_routes() -> ListOf[RouteOut]:
    """List all routes in the order in which they are asked, in one part."""
    return ListOf[RouteOut](items=[RouteOut.of(route) for route in queries.routes()], next=None)


@operation("POST", "/routes", scope=Scope.WRITE, body=RouteIn, answers=RouteOut, statuses=CREATED)
def create_route(*, body: RouteIn) -> RouteOut:
    """Lead incidents to a chain; the new route is asked last."""
    return RouteOut.of(service.add_route(matchers=body.matchers, chain_id=body.chain, actor=actor()))


@operation("POST", ROUTE, scope=Scope.WRITE, body=RouteIn, answers=RouteOut)
def change_route(*, route_id: int, body: RouteIn) -> RouteOut:
    """Change what a route matches, and where it leads."""
    route = service.change_route(route_id, matchers=body.matchers, chain_id=body.chain, actor=actor())
    return RouteOut.of(route)


@operation("POST", f"{ROUTE}/raise", scope=Scope.WRITE, body=Nothing, answers=RouteOut)
def raise_route(*, route_id: int, body: Nothing) -> RouteOut:
    """Have a route asked one place earlier."""
    del body
    return RouteOut.of(service.raise_route(route_id, actor=actor()))


@operation("POST", f"{ROUTE}/delete", scope=Scope.WRITE, body=Nothing, answers=RouteOut)
def delete_route(*, route_id: int, body: Nothing) -> RouteOut:
    """Forget a route; the answer is what it was."""
    del body
    shown = RouteOut.of(queries.route(route_id))
    service.delete_route(route_id, actor=actor())
    return shown


@operation("GET", "/incidents/<int:incident_id>/paging", scope=Scope.READ, answers=PagingOut)
def get_paging(*, incident_id: int) -> PagingOut:
    """Show how the paging for an incident stands."""
    return PagingOut.of(queries.of_incident(incidents.get(incident_id).id))


@operation(
    "POST",
    "/incidents/<int:incident_id>/help",
    scope=Scope.WRITE,
    body=HelpIn,
    answers=IncidentOut,
    is_change=True,
)
def ask_for_help(*, incident_id: int, body: HelpIn) -> IncidentOut:
    """Page one more person, a team, or the people on call, about an incident."""
    with precondition(incident_id) as version:
        target = Target(kind=body.kind, id=body.id)
        incident = helping.ask(incident_id, target=target, reason=body.reason, actor=actor(), version=version)
        return shown(incident)
