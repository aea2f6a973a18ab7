"""Asking for help: one more person, or a team, is paged about an incident, by their own rules."""

from app.database import transaction
from app.errors import InvalidInput
from app.escalations import calls, people
from app.escalations.plan import Target
from app.incidents import changes, service
from app.records import timeline
from app.records.actors import Actor
from app.records.entries import Escalated
from app.records.incidents import Incident
from app.records.lifecycle import Action
from app.text import entered


def ask(
    incident_id: int, *, target: Target, actor: Actor, reason: str = "", version: int | None = None
) -> Incident:
    """Page somebody about an incident, whoever has it; what its chain does goes on.

    Raises:
        InvalidInput: there is nobody like that who can be paged, or the reason is too long.
        InvalidTransition: the incident is resolved.
        EditConflict: the incident has another version than the person saw.

    """
    reason = entered("reason", reason, service.MAX_TEXT)
    with transaction():
        incident = timeline.lock(incident_id)
        service.compare(incident, version)
        if not people.exists(target):
            message = f"There is no {target.kind} {target.id} that can be paged."
            raise InvalidInput(message, [{"field": "whom", "message": message}])
        changes.move(incident, Action.ESCALATE)
        said = f"{actor.name} asked {people.name(target)} for help"
        timeline.record(
            incident.id, Escalated(reason=reason), actor, f"{said}: {reason}" if reason else f"{said}."
        )
        calls.ask_for_help(incident, target)
    return incident
