"""What the mails say: one text and one HTML template per kind, put into the outbox as rendered words."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

from flask import current_app
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from app.clock import in_words, now
from app.config import Settings
from app.extensions import db
from app.incidents.actors import Actor
from app.incidents.models import Incident, Verdict
from app.maintenance.queries import Hold
from app.notify.models import MailKind, OutboxMessage
from app.text import one_line

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
}

ON_CALL = "you are on the on-call list or own the incident"


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


def on_call() -> Sequence[str]:
    """Return the addresses that hear of every incident."""
    return _settings().mail_to


def everybody_concerned(incident: Incident) -> Sequence[str]:
    """Return the on-call list and the owner, each once."""
    owner = [incident.owner.email] if incident.owner and incident.owner.is_active else []
    return list(dict.fromkeys([*on_call(), *owner]))


def end_kind(incident: Incident) -> MailKind:
    """Return how the end is told: "Repaired" only when the automation's repair was verified."""
    return MailKind.REPAIRED if incident.verdict is Verdict.VERIFIED else MailKind.RESOLVED


def enqueue(
    kind: MailKind,
    incident: Incident,
    recipients: Iterable[str],
    actor: Actor,
    *,
    reason: str = "",
    hold: Hold | None = None,
) -> None:
    """Put one mail per recipient into the outbox; call it in the transaction of the change it tells.

    Without a mail server there is nothing to wait for, so nothing is put there. What maintenance holds back
    waits for its end.
    """
    settings = _settings()
    if not settings.smtp_host:
        return
    domain = urlsplit(settings.base_url).hostname or "localhost"
    context = {
        "kind": kind,
        "lead": _lead(kind, incident, actor, reason),
        "incident": incident,
        "url": f"{settings.base_url}/incidents/{incident.id}",
        "why": "the incident was assigned to you" if kind is MailKind.ASSIGNED else ON_CALL,
    }
    batch = secrets.token_hex(16)
    leaves_at = hold.until if hold else now()
    for recipient in recipients:
        db.session.add(
            OutboxMessage(
                incident_id=incident.id,
                kind=kind,
                recipient=recipient,
                subject=one_line(f"[OIMS #{incident.id}] {VERBS[kind]}: {incident.title}", MAX_SUBJECT),
                text=templates().get_template("incident.txt").render(context),
                html=templates().get_template("incident.html").render(context),
                batch=batch,
                message_id=f"<{secrets.token_hex(16)}@{domain}>",
                thread_id=f"<incident-{incident.id}@{domain}>",
                window_id=hold.window.id if hold else None,
                next_at=leaves_at,
                give_up_at=leaves_at + KEEP_TRYING,
            ),
        )


def test_mail(recipient: str) -> None:
    """Put a mail into the outbox that shows that mails arrive; call it inside a transaction."""
    settings = _settings()
    domain = urlsplit(settings.base_url).hostname or "localhost"
    text = f"Mails from {settings.base_url} arrive. Somebody asked for this test mail to you.\n"
    db.session.add(
        OutboxMessage(
            kind=MailKind.TEST,
            recipient=recipient,
            subject="[OIMS] Test: mails arrive",
            text=text,
            html=f"<p>{escape(text)}</p>",
            batch=secrets.token_hex(16),
            message_id=f"<{secrets.token_hex(16)}@{domain}>",
            give_up_at=now() + KEEP_TRYING,
        ),
    )


def _lead(kind: MailKind, incident: Incident, actor: Actor, reason: str) -> str:
    """Return the sentence that answers "what happened?"."""
    lasted = in_words(((incident.resolved_at or now()) - incident.opened_at).total_seconds())
    because = f": {reason}" if reason else "."
    sentences = {
        MailKind.CREATED: f"A new {incident.severity} incident was opened by {actor.name}.",
        MailKind.REOPENED: f"It is back: the incident was reopened by {actor.name}.",
        MailKind.ASSIGNED: f"{actor.name} assigned this {incident.severity} incident to you.",
        MailKind.ESCALATED: f"{actor.name} calls for more people{because}",
        MailKind.GAVE_UP: f"Automation could not repair it and calls for a person{because}",
        MailKind.RESOLVED: f"Resolved by {actor.name} after {lasted}{because}",
        MailKind.REPAIRED: f"Automation repaired it and verified that it stays repaired{because}",
    }
    return sentences[kind]
