"""The review after an incident, and what is to be done, over the API."""

from http import HTTPStatus

from app.api.auth import actor
from app.api.incidents import ONE
from app.api.operations import operation
from app.api.preconditions import precondition
from app.api.schemas.reviews import FollowUpOut, NewFollowUp, ReviewOut, Settled, Written
from app.incidents import queries as incidents
from app.records.accounts import Scope
from app.reviews import queries, service


@operation("GET", f"{ONE}/review", scope=Scope.READ, answers=ReviewOut)
def get_review(*, incident_id: int) -> ReviewOut:
    """Show what happened, why, and what is to be done."""
    incident = incidents.get(incident_id)
    return ReviewOut.of(incident, queries.follow_ups(incident.id))


@operation("POST", f"{ONE}/review", scope=Scope.WRITE, body=Written, answers=ReviewOut, is_change=True)
def write_review(*, incident_id: int, body: Written) -> ReviewOut:
    """Say what happened and why; both are replaced."""
    with precondition(incident_id) as version:
        incident = service.write(
            incident_id, summary=body.summary, cause=body.cause, actor=actor(), version=version
        )
        return ReviewOut.of(incident, queries.follow_ups(incident_id))


@operation(
    "POST",
    f"{ONE}/follow-ups",
    scope=Scope.WRITE,
    body=NewFollowUp,
    answers=FollowUpOut,
    statuses=(HTTPStatus.CREATED,),
)
def add_follow_up(*, incident_id: int, body: NewFollowUp) -> FollowUpOut:
    """Say what is to be done after an incident, by whom and until when."""
    item = service.add_follow_up(
        incident_id, text=body.text, owner_id=body.owner, due_on=body.due_on, actor=actor()
    )
    return FollowUpOut.of(item)


@operation("POST", f"{ONE}/follow-ups/<int:item_id>", scope=Scope.WRITE, body=Settled, answers=FollowUpOut)
def settle_follow_up(*, incident_id: int, item_id: int, body: Settled) -> FollowUpOut:
    """Mark a follow-up as done, or as not done after all."""
    return FollowUpOut.of(service.settle(incident_id, item_id, is_done=body.done, actor=actor()))
