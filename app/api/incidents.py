"""Incidents over the API."""

from http import HTTPStatus

from flask import request

from app.api.auth import actor
from app.api.operations import operation
from app.api.preconditions import precondition
from app.api.schemas.base import ListOf, Nothing, Page
from app.api.schemas.incidents import (
    Assignment,
    Comment,
    IncidentOut,
    IncidentQuery,
    NewIncident,
    Reasoned,
    SeverityChange,
    TimelineItem,
)
from app.extensions import db
from app.incidents import queries, service
from app.records.accounts import Scope
from app.records.incidents import Incident

ONE = "/incidents/<int:incident_id>"
CREATED = (HTTPStatus.CREATED,)
CLI = "oims-cli/"
"""How the command line names itself."""


def _way() -> str:
    """Return how a change came, in the words of the timeline."""
    is_cli = request.headers.get("User-Agent", "").startswith(CLI)
    return "by the command line" if is_cli else "over the API"


def shown(incident: Incident) -> IncidentOut:
    """Return the incident as it now stands in the database, also inside of a transaction."""
    db.session.flush()
    db.session.refresh(incident)
    return IncidentOut.of(incident)


@operation("GET", "/incidents", scope=Scope.READ, query=IncidentQuery, answers=ListOf[IncidentOut])
def list_incidents(*, query: IncidentQuery) -> ListOf[IncidentOut]:
    """List incidents, newest first."""
    filters = queries.Filters(
        states=query.state,
        severities=query.severity,
        source=query.source,
        owner_id=query.owner,
        text=query.q,
        fingerprint=query.fingerprint,
        episode=query.episode,
        alertname=query.alertname,
    )
    page = queries.page(filters, after=query.cursor, limit=query.limit)
    return ListOf[IncidentOut](items=[IncidentOut.of(incident) for incident in page.items], next=page.next)


@operation("POST", "/incidents", scope=Scope.WRITE, body=NewIncident, answers=IncidentOut, statuses=CREATED)
def create_incident(*, body: NewIncident) -> IncidentOut:
    """Open an incident."""
    incident = service.create(
        title=body.title,
        severity=body.severity,
        description=body.description,
        service=body.service,
        labels=body.labels,
        owner_id=body.owner,
        actor=actor(),
    )
    return IncidentOut.of(incident)


@operation("GET", ONE, scope=Scope.READ, answers=IncidentOut)
def get_incident(*, incident_id: int) -> IncidentOut:
    """Show one incident."""
    return IncidentOut.of(queries.get(incident_id))


@operation("GET", f"{ONE}/timeline", scope=Scope.READ, query=Page, answers=ListOf[TimelineItem])
def get_timeline(*, incident_id: int, query: Page) -> ListOf[TimelineItem]:
    """Show what happened to an incident, in the order in which it was recorded."""
    page = queries.timeline_page(queries.get(incident_id).id, after=query.cursor, limit=query.limit)
    return ListOf[TimelineItem](items=[TimelineItem.of(event) for event in page.items], next=page.next)


@operation("POST", f"{ONE}/acknowledge", scope=Scope.WRITE, body=Nothing, answers=IncidentOut, is_change=True)
def acknowledge(*, incident_id: int, body: Nothing) -> IncidentOut:
    """Take an incident."""
    del body
    with precondition(incident_id) as version:
        return shown(service.acknowledge(incident_id, actor=actor(), version=version, way=_way()))


@operation("POST", f"{ONE}/assign", scope=Scope.WRITE, body=Assignment, answers=IncidentOut, is_change=True)
def assign(*, incident_id: int, body: Assignment) -> IncidentOut:
    """Give an incident to a person, or to nobody."""
    with precondition(incident_id) as version:
        return shown(service.assign(incident_id, owner_id=body.owner, actor=actor(), version=version))


@operation(
    "POST",
    f"{ONE}/comments",
    scope=Scope.WRITE,
    body=Comment,
    answers=IncidentOut,
    statuses=CREATED,
    is_change=True,
)
def comment(*, incident_id: int, body: Comment) -> IncidentOut:
    """Comment on an incident."""
    with precondition(incident_id) as version:
        return shown(service.comment(incident_id, body=body.body, actor=actor(), version=version))


@operation("POST", f"{ONE}/escalate", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut, is_change=True)
def escalate(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Call for more people."""
    with precondition(incident_id) as version:
        return shown(service.escalate(incident_id, actor=actor(), reason=body.reason, version=version))


@operation(
    "POST", f"{ONE}/severity", scope=Scope.WRITE, body=SeverityChange, answers=IncidentOut, is_change=True
)
def change_severity(*, incident_id: int, body: SeverityChange) -> IncidentOut:
    """Say how bad an incident is."""
    with precondition(incident_id) as version:
        return shown(
            service.change_severity(incident_id, severity=body.severity, actor=actor(), version=version)
        )


@operation("POST", f"{ONE}/resolve", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut, is_change=True)
def resolve(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Close an incident; a reason is needed while its alert fires."""
    with precondition(incident_id) as version:
        return shown(service.resolve(incident_id, actor=actor(), reason=body.reason, version=version))


@operation("POST", f"{ONE}/reopen", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut, is_change=True)
def reopen(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Open a resolved incident again."""
    with precondition(incident_id) as version:
        return shown(service.reopen(incident_id, actor=actor(), reason=body.reason, version=version))
