"""Incidents over the API."""

from http import HTTPStatus

from app.accounts.models import Scope
from app.api.auth import actor
from app.api.operations import operation
from app.api.schemas import (
    Assignment,
    Change,
    Comment,
    IncidentOut,
    IncidentQuery,
    Incidents,
    NewIncident,
    Page,
    Reasoned,
    SeverityChange,
    Timeline,
    TimelineItem,
)
from app.incidents import queries, service


@operation("GET", "/incidents", scope=Scope.READ, query=IncidentQuery, answers=Incidents)
def list_incidents(*, query: IncidentQuery) -> Incidents:
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
    return Incidents(items=[IncidentOut.of(incident) for incident in page.items], next=page.next)


@operation("POST", "/incidents", scope=Scope.WRITE, body=NewIncident, answers=IncidentOut)
def create_incident(*, body: NewIncident) -> tuple[IncidentOut, HTTPStatus]:
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
    return IncidentOut.of(incident), HTTPStatus.CREATED


@operation("GET", "/incidents/<int:incident_id>", scope=Scope.READ, answers=IncidentOut)
def get_incident(*, incident_id: int) -> IncidentOut:
    """Show one incident."""
    return IncidentOut.of(queries.get(incident_id))


@operation("GET", "/incidents/<int:incident_id>/timeline", scope=Scope.READ, query=Page, answers=Timeline)
def get_timeline(*, incident_id: int, query: Page) -> Timeline:
    """Show what happened to an incident."""
    page = queries.timeline_page(queries.get(incident_id).id, after=query.cursor, limit=query.limit)
    return Timeline(items=[TimelineItem.of(event) for event in page.items], next=page.next)


@operation(
    "POST", "/incidents/<int:incident_id>/acknowledge", scope=Scope.WRITE, body=Change, answers=IncidentOut
)
def acknowledge(*, incident_id: int, body: Change) -> IncidentOut:
    """Take an incident."""
    return IncidentOut.of(service.acknowledge(incident_id, actor=actor(), version=body.version))


@operation(
    "POST", "/incidents/<int:incident_id>/assign", scope=Scope.WRITE, body=Assignment, answers=IncidentOut
)
def assign(*, incident_id: int, body: Assignment) -> IncidentOut:
    """Give an incident to a person."""
    return IncidentOut.of(
        service.assign(incident_id, owner_id=body.owner, actor=actor(), version=body.version)
    )


@operation(
    "POST", "/incidents/<int:incident_id>/comments", scope=Scope.WRITE, body=Comment, answers=IncidentOut
)
def comment(*, incident_id: int, body: Comment) -> tuple[IncidentOut, HTTPStatus]:
    """Comment on an incident."""
    incident = service.comment(incident_id, body=body.body, actor=actor())
    return IncidentOut.of(incident), HTTPStatus.CREATED


@operation(
    "POST", "/incidents/<int:incident_id>/escalate", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut
)
def escalate(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Call for more people."""
    return IncidentOut.of(
        service.escalate(incident_id, actor=actor(), reason=body.reason, version=body.version)
    )


@operation(
    "POST",
    "/incidents/<int:incident_id>/severity",
    scope=Scope.WRITE,
    body=SeverityChange,
    answers=IncidentOut,
)
def change_severity(*, incident_id: int, body: SeverityChange) -> IncidentOut:
    """Say how bad an incident is."""
    return IncidentOut.of(
        service.change_severity(incident_id, severity=body.severity, actor=actor(), version=body.version)
    )


@operation(
    "POST", "/incidents/<int:incident_id>/resolve", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut
)
def resolve(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Close an incident; a reason is needed while its alert fires."""
    return IncidentOut.of(
        service.resolve(incident_id, actor=actor(), reason=body.reason, version=body.version)
    )


@operation(
    "POST", "/incidents/<int:incident_id>/reopen", scope=Scope.WRITE, body=Reasoned, answers=IncidentOut
)
def reopen(*, incident_id: int, body: Reasoned) -> IncidentOut:
    """Open a resolved incident again."""
    return IncidentOut.of(
        service.reopen(incident_id, actor=actor(), reason=body.reason, version=body.version)
    )
