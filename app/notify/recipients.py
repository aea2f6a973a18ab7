"""Who hears of an incident, and why. A rota that says who is on call would be asked here, nowhere else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import structlog
from flask import current_app
from sqlalchemy import or_, select

from app.config import Settings
from app.database import once
from app.extensions import db
from app.records.accounts import User, UserStatus
from app.records.escalations import Page
from app.records.incidents import Incident
from app.records.outbox import CALLS, MailKind
from app.records.subscriptions import MailSubscription, Reach, Topic

log = structlog.get_logger()

TOPICS = {
    MailKind.CREATED: Topic.OPENED,
    MailKind.REOPENED: Topic.OPENED,
    MailKind.RESOLVED: Topic.RESOLVED,
    MailKind.REPAIRED: Topic.RESOLVED,
    MailKind.ALERT_ENDED: Topic.RESOLVED,
    MailKind.ESCALATED: Topic.ESCALATED,
    MailKind.GAVE_UP: Topic.GAVE_UP,
}
"""What a mail is about, in the words in which people choose."""


@dataclass(frozen=True)
class Recipient:
    """An address and why it gets the mail; ``user_id`` where somebody with an account has it."""

    address: str
    why: str
    user_id: int | None = None


def of(kind: MailKind, incident: Incident) -> Sequence[Recipient]:
    """Return who gets this mail about an incident, each once.

    1. The owner alone, of an assignment, and of the end of the alert of an incident that stays open.
    2. The on-call list, for calls the escalation list of the severity, the owner, and whoever wants all.
    3. Of these, people with an account only where they want it; addresses without one always.
    4. A call that nobody would get goes to all of them, whatever they chose.
    """
    if kind is MailKind.ASSIGNED:
        owner = incident.owner
        return [Recipient(owner.email, "the incident was assigned to you", owner.id)] if owner else []
    people = _with_choices(_named(kind, incident))
    if kind is MailKind.ALERT_ENDED:
        owner_id = incident.owner_id
        people = [item for item in people if owner_id is not None and item[0].user_id == owner_id]
    chosen = [
        recipient
        for recipient, subscription in people
        if subscription is None or subscription.wants(TOPICS[kind], incident.severity)
    ]
    if len(chosen) < len(people):
        log.info("mails_not_wanted", kind=kind, incident=incident.id, people=len(people) - len(chosen))
    return chosen or [recipient for recipient, _ in people if kind in CALLS]


def _named(kind: MailKind, incident: Incident) -> dict[str, Recipient]:
    """Return the lists' addresses and the owner by the address in small letters; the first reason counts."""
    settings = _settings()
    if incident.has_chain:
        return _of_a_chain(kind, incident)
    found = [Recipient(address, "you are on the on-call list") for address in settings.mail_to]
    if kind in CALLS:
        why = f"you are called when a {incident.severity} incident needs more people"
        found += [Recipient(address, why) for address in settings.escalate_to.get(incident.severity, ())]
    return _each_once(found + _owner(incident))


def _of_a_chain(kind: MailKind, incident: Incident) -> dict[str, Recipient]:
    """Return the owner, and of the end those who were paged: whom to page is the chain's matter."""
    found: list[Recipient] = []
    if TOPICS[kind] is Topic.RESOLVED:
        statement = select(User.email).join(Page, Page.user_id == User.id)
        statement = statement.where(Page.incident_id == incident.id, Page.is_sent).distinct()
        paged = db.session.scalars(statement.order_by(User.email))
        found = [Recipient(address, "you were paged about it") for address in paged]
    return _each_once(found + _owner(incident))


def _owner(incident: Incident) -> list[Recipient]:
    is_there = incident.owner is not None and incident.owner.is_active
    return [Recipient(incident.owner.email, "the incident is yours")] if is_there and incident.owner else []


def _each_once(found: Sequence[Recipient]) -> dict[str, Recipient]:
    named: dict[str, Recipient] = {}
    for recipient in found:
        named.setdefault(recipient.address.lower(), recipient)
    return named


def _with_choices(named: dict[str, Recipient]) -> Sequence[tuple[Recipient, MailSubscription | None]]:
    """Add those who want to hear of everything; None stands for who has no account or never chose."""
    rows = once(f"recipients {sorted(named)}", lambda: _choices(named))
    people = []
    for address in dict.fromkeys([*named, *rows]):
        known = named.get(address, Recipient(address, "you asked for mails about all incidents"))
        user_id, subscription = rows.get(address, (None, None))
        people.append((replace(known, user_id=user_id), subscription))
    return people


def _choices(named: Collection[str]) -> dict[str, tuple[int, MailSubscription | None]]:
    """Return id and choices of the accounts of these addresses, and of those who want everything."""
    statement = (
        select(User, MailSubscription)
        .outerjoin(MailSubscription, MailSubscription.user_id == User.id)
        .where(User.status == UserStatus.ACTIVE)
        .where(or_(User.email.in_(named), MailSubscription.reach == Reach.EVERYTHING))
        .order_by(User.id)
    )
    return {user.email: (user.id, subscription) for user, subscription in db.session.execute(statement)}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
