"""What the mails say: one text and one HTML template per kind, put into the outbox as rendered words."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import select

from app.clock import in_words, now
from app.config import Settings
from app.extensions import db
from app.formats import target_name
from app.maintenance.queries import Hold
from app.notify import recipients
from app.records import rows, subscriptions
from app.records.actors import Actor
from app.records.automation import Run
from app.records.incidents import Incident
from app.records.outbox import NEWS, MailKind, OutboxMessage
from app.subscriptions import service as links
from contract.runs import Verdict
from contract.text import one_line

MAX_SUBJECT = 200
KEEP_TRYING = timedelta(hours=24)

VERBS = {
    MailKind.CREATED: "Open",
    MailKind.REOPENED: "Reopened",
    MailKind.ASSIGNED: "Yours",
    MailKind.ESCALATED: "Escalated",
    MailKind.GAVE_UP: "Needs a person",
    MailKind.RESOLVED: "Resolved",
    MailKind.REPAIRED: "Repaired",
    MailKind.ALERT_ENDED: "Alert ended",
}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@cache
def templates() -> Environment:
    """Return the mail templates; HTML is escaped, text is text."""
    return Environment(
        loader=PackageLoader("app.notify"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def end_kind(incident: Incident) -> MailKind:
    """Return how the end is told: "Repaired" only when the automation's repair was verified."""
    return MailKind.REPAIRED if incident.verdict is Verdict.VERIFIED else MailKind.RESOLVED


def enqueue(
    kind: MailKind, incident: Incident, actor: Actor, *, reason: str = "", hold: Hold | None = None
) -> int:
    """Put one mail per recipient into the outbox, in the transaction of the change it tells; return how many.

    Without a mail server there is nothing to wait for, so nothing is put there. What maintenance holds back
    waits for its end.
    """
    if not is_on():
        return 0
    url = f"{base_url()}/incidents/{incident.id}"
    context = {"lead": _lead(kind, incident, actor, reason), "incident": incident, "url": url, "hold": hold}
    batch = secrets.token_hex(16)
    whom = recipients.of(kind, incident)
    for recipient in whom:
        words = written(
            kind,
            recipient.address,
            subject=f"[OIMS #{incident.id}] {VERBS[kind]}: {incident.title}",
            template="incident",
            context=context | {"why": recipient.why, "choose_url": choose_url(recipient.user_id)},
            leaves_at=hold.until if hold else None,
            incident_id=incident.id,
            thread_id=f"<incident-{incident.id}@{_domain()}>",
            batch=batch,
            window_id=hold.window.id if hold else None,
            unsubscribe_url=unsubscribe_url(recipient.user_id, kind),
        )
        rows.add(OutboxMessage, **words)
    return len(whom)


def written(
    kind: MailKind,
    recipient: str,
    *,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    leaves_at: datetime | None = None,
    keep_trying: timedelta = KEEP_TRYING,
    **fields: Any,
) -> dict[str, Any]:
    """Return the columns of a mail in the outbox, its words from the two templates of a name.

    Args:
        kind: what it tells.
        recipient: the address.
        subject: its subject, cut to ``MAX_SUBJECT`` characters.
        template: the name of the templates, without their endings.
        context: what the templates know.
        leaves_at: when it leaves at the earliest; now, if it isn't given.
        keep_trying: how long after that it is tried.
        fields: further columns.

    """
    leaves_at = leaves_at or now()
    return {
        "kind": kind,
        "recipient": recipient,
        "subject": one_line(subject, MAX_SUBJECT),
        "text": templates().get_template(f"{template}.txt").render(context),
        "html": templates().get_template(f"{template}.html").render(context),
        "batch": secrets.token_hex(16),
        "message_id": f"<{secrets.token_hex(16)}@{_domain()}>",
        "next_at": leaves_at,
        "give_up_at": leaves_at + keep_trying,
    } | fields


def is_on() -> bool:
    """Say whether this installation sends mails."""
    return bool(_settings().smtp_host)


def choose_url(user_id: int | None) -> str:
    """Return where the reader of a mail chooses mails; nothing for an address without an account."""
    return f"{base_url()}/profile/mails" if user_id else ""


def unsubscribe_url(user_id: int | None, kind: MailKind) -> str | None:
    """Return the address that ends such mails by one click: of news only, since a call must not get lost."""
    if user_id is None or kind not in NEWS | {MailKind.DIGEST}:
        return None
    topics = subscriptions.NEWS if kind is MailKind.DIGEST else [recipients.TOPICS[kind]]
    return links.link(user_id, topics)


def base_url() -> str:
    """Return how browsers reach the app."""
    return _settings().base_url


def _domain() -> str:
    return urlsplit(base_url()).hostname or "localhost"


def _lead(kind: MailKind, incident: Incident, actor: Actor, reason: str) -> str:
    """Return the sentence that answers "what happened?"."""
    if kind is MailKind.REPAIRED:
        return _repair(incident)
    lasted = in_words(((incident.resolved_at or now()) - incident.opened_at).total_seconds())
    because = f": {reason}" if reason else "."
    sentences = {
        MailKind.CREATED: f"A new {incident.severity} incident was opened by {actor.name}.",
        MailKind.REOPENED: f"It is back: the incident was reopened by {actor.name}.",
        MailKind.ASSIGNED: f"{actor.name} assigned this {incident.severity} incident to you.",
        MailKind.ESCALATED: f"{actor.name} calls for more people{because}",
        MailKind.GAVE_UP: f"Automation could not repair it and calls for a person{because}",
        MailKind.RESOLVED: f"Resolved by {actor.name} after {lasted}{because}",
        MailKind.ALERT_ENDED: "The alert ended. The incident stays yours until you resolve it.",
    }
    return sentences[kind]


def _repair(incident: Incident) -> str:
    """Say what ran on what, and how it is known that it helped."""
    run = db.session.scalar(
        select(Run)
        .where(Run.incident_id == incident.id, Run.verification == Verdict.VERIFIED)
        .order_by(Run.verdict_at.desc())
        .limit(1)
    )
    if run is None:
        return "Automation repaired it and verified that it stays repaired."
    proof = run.verdict_detail or "The alert cleared and stayed clear."
    return f"Automation ran {run.playbook} on {target_name(run.target)}. {proof}"
