"""What an incident is about, and with which others it has to do, over the API."""

from app.api.auth import actor
from app.api.incidents import ONE, shown
from app.api.operations import operation
from app.api.preconditions import precondition
from app.api.schemas.base import ListOf
from app.api.schemas.incidents import Details, Duplicate, IncidentOut, Other
from app.incidents import details, merging, queries
from app.records.accounts import Scope


@operation("POST", f"{ONE}/details", scope=Scope.WRITE, body=Details, answers=IncidentOut, is_change=True)
def change_details(*, incident_id: int, body: Details) -> IncidentOut:
    """Say which service an incident is about, and which labels people give it."""
    with precondition(incident_id) as version:
        changed = details.change(
            incident_id, about=body.service, tags=body.tags, actor=actor(), version=version
        )
        return shown(changed)


@operation("POST", f"{ONE}/merge", scope=Scope.WRITE, body=Duplicate, answers=IncidentOut, is_change=True)
def merge(*, incident_id: int, body: Duplicate) -> IncidentOut:
    """Close an incident as a duplicate; the other one goes on for both."""
    with precondition(incident_id) as version:
        return shown(merging.merge(incident_id, into=body.into, actor=actor(), version=version))


@operation("GET", f"{ONE}/links", scope=Scope.READ, answers=ListOf[IncidentOut])
def list_links(*, incident_id: int) -> ListOf[IncidentOut]:
    """List the incidents that people linked to this one, newest first, in one part."""
    found = merging.linked(queries.get(incident_id).id)
    return ListOf[IncidentOut](items=[IncidentOut.of(incident) for incident in found], next=None)


@operation("POST", f"{ONE}/link", scope=Scope.WRITE, body=Other, answers=IncidentOut)
def link(*, incident_id: int, body: Other) -> IncidentOut:
    """Link an incident to another one; both stay what they are."""
    return shown(merging.link(incident_id, other_id=body.other, actor=actor()))


@operation("POST", f"{ONE}/unlink", scope=Scope.WRITE, body=Other, answers=IncidentOut)
def unlink(*, incident_id: int, body: Other) -> IncidentOut:
    """Take a link away; one that is not there changes nothing."""
    return shown(merging.unlink(incident_id, other_id=body.other, actor=actor()))
