"""One page to one person: the only place that knows how it leaves, and what became of it."""

from flask import Flask, current_app
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import update

from app.clock import now
from app.errors import NotFound
from app.extensions import db
from app.formats import sentence
from app.notify import outcomes, people
from app.notify.incident_mails import base_url
from app.notify.outcomes import Outcome
from app.notify.people import Message
from app.records.accounts import User
from app.records.channels import Urgency
from app.records.escalations import Escalation, EscalationState
from app.records.incidents import Incident

SALT = "page-link"
LINK_AGE_S = 24 * 3600
GONE = "This link leads nowhere, or is too old. Log in and acknowledge the incident on its page."
_REFERENCE = "escalation-"


def init_app(app: Flask) -> None:
    """Hear what became of pages."""
    outcomes.listen(app, hear)


def page(
    user: User, incident: Incident, escalation: Escalation, *, key: str, why: str, more: int, is_urgent: bool
) -> bool:
    """Have a person paged by their own rules, in the transaction of the step; say whether there is a way.

    Args:
        user: whom.
        incident: what about.
        escalation: whose step it is.
        key: what the link in the page carries.
        why: follows "You get this because ".
        more: how many further incidents this page tells of.
        is_urgent: whether it may wake the person.

    """
    rest = f" (+ {more} more)" if more else ""
    labels = ", ".join(f"{name}={value}" for name, value in incident.labels.items() if name != "alertname")
    sentences = [
        f"You are paged about a {incident.severity} incident: {incident.title}",
        incident.description,
        labels,
        f"{more} more of the same chain came with it." if more else "",
    ]
    message = Message(
        subject=f"[OIMS #{incident.id}] Page: {incident.title}{rest}",
        sentences=tuple(sentence(one) for one in sentences if one),
        why=why,
        link=link(key),
        link_word="Acknowledge or open the incident",
        incident_id=incident.id,
    )
    urgency = Urgency.HIGH if is_urgent else Urgency.LOW
    return bool(people.notify(user.id, urgency, message, reference=_reference(escalation)).ways)


def stop(escalation: Escalation, reason: str) -> None:
    """Take back what has not left yet."""
    people.stop(_reference(escalation), reason)


def hear(outcome: Outcome) -> None:
    """Let the next step come at once when a person could be reached by no way."""
    if outcome.is_delivered or not outcome.is_last or not outcome.reference.startswith(_REFERENCE):
        return
    moment = now()
    db.session.execute(
        update(Escalation)
        .where(
            Escalation.id == int(outcome.reference.removeprefix(_REFERENCE)),
            Escalation.state == EscalationState.PAGING,
        )
        .values(due_at=moment, set_at=moment, step_at=None)
    )


def link(key: str) -> str:
    """Return the address where a page is answered without a log-in, for a day."""
    return f"{base_url()}/pages/{_serializer().dumps(key)!s}"


def read(token: str) -> str:
    """Return the key that a link carries.

    Raises:
        NotFound: it is not one of ours, or too old.

    """
    try:
        return str(_serializer().loads(token, max_age=LINK_AGE_S))
    except BadData:
        raise NotFound(GONE) from None


def _reference(escalation: Escalation) -> str:
    return f"{_REFERENCE}{escalation.id}"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=SALT)
