"""Answering a page by its link, without a log-in: the link is the proof, works once, and only for this."""

from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy import select

from app.clock import now
from app.database import transaction
from app.errors import NotFound, OimsError
from app.escalations import calls, notify, people
from app.extensions import db
from app.incidents import service
from app.records import timeline
from app.records.accounts import User
from app.records.actors import Actor
from app.records.entries import Acknowledged
from app.records.escalations import ACTIVE, Escalation, Page
from app.records.incidents import Incident
from app.records.lifecycle import State

WAY = "by the link in a page"


class Used(OimsError):
    """The link has done its work."""

    status = HTTPStatus.GONE
    title = "This page was answered already"


@dataclass(frozen=True)
class Question:
    """A page and what it is about."""

    page: Page
    user: User
    incident: Incident


def find(token: str) -> Question:
    """Return what a link is about; looking changes nothing.

    Raises:
        NotFound: it is not one of ours or too old, or the account may no longer answer.

    """
    page = db.session.scalar(select(Page).where(Page.key == notify.read(token)))
    user = db.session.get(User, page.user_id) if page is not None else None
    incident = db.session.get(Incident, page.incident_id) if page is not None else None
    if page is None or user is None or incident is None or not people.may_be_paged(user):
        raise NotFound(notify.GONE)
    return Question(page, user, incident)


def answer(token: str) -> Question:
    """Acknowledge the incident in the name of who was paged; of one that somebody has, answer the call.

    Raises:
        NotFound: as for `find`.
        Used: the link was used before.

    """
    with transaction():
        question = find(token)
        incident = timeline.lock(question.incident.id)
        page = db.session.get_one(Page, question.page.id, with_for_update=True, populate_existing=True)
        if page.answered_at is not None:
            raise Used("This link works once, and was used before. Log in to see the incident.")
        page.answered_at = now()
        actor = Actor.person(question.user)
        if incident.state is State.OPEN:
            service.acknowledge(incident.id, actor=actor, way=WAY)
        elif incident.state is State.ACKNOWLEDGED:
            _answer_call(incident, page, actor)
    return question


def _answer_call(incident: Incident, page: Page, actor: Actor) -> None:
    """End the paging for an incident that somebody has, and that called for more people."""
    escalation = db.session.get_one(Escalation, page.escalation_id, with_for_update=True)
    if escalation.state not in ACTIVE:
        return
    escalation.answered_by = actor.name
    timeline.record(incident.id, Acknowledged(way=WAY), actor, f"{actor.name} answered the call {WAY}.")
    calls.settle(incident)
