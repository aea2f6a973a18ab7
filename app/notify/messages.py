"""What the mails say: one text and one HTML template per kind, put into the outbox as rendered words."""

import secrets
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from flask import current_app
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.config import Settings
from app.extensions import db
from app.incidents.actors import Actor
from app.incidents.models import Incident, Verdict
from app.notify.models import MailKind, OutboxMessage

MAX_SUBJECT = 200

VERBS = {
    MailKind.CREATED: "Open",
    MailKind.REOPENED: "Reopened",
    MailKind.ASSIGNED: "Yours",
    MailKind.ESCALATED: "Escalated",
    MailKind.GAVE_UP: "Needs a person",
    MailKind.RESOLVED: "Resolved",
    MailKind.REPAIRED: "Repaired",
}

ON_CALL = "you are on the on-call list of this installation"
REASONS = {MailKind.ASSIGNED: "the incident was assigned to you"}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


@cache
def _templates() -> Environment:
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
) -> None:
    """Put one mail per recipient into the outbox; call it in the transaction of the change it tells."""
    base_url = _settings().base_url
    domain = urlsplit(base_url).hostname or "localhost"
    for recipient in recipients:
        context = {
            "kind": kind,
            "incident": incident,
            "actor": actor,
            "reason": reason,
            "url": f"{base_url}/incidents/{incident.id}",
            "why": REASONS.get(kind, ON_CALL),
        }
        db.session.add(
            OutboxMessage(
                incident_id=incident.id,
                kind=kind,
                recipient=recipient,
                subject=subject(f"[OIMS #{incident.id}] {VERBS[kind]}: {incident.title}"),
                text=_templates().get_template("incident.txt").render(context),
                html=_templates().get_template("incident.html").render(context),
                message_id=f"<{secrets.token_hex(16)}@{domain}>",
                thread_id=f"<incident-{incident.id}@{domain}>",
            ),
        )


def subject(text: str) -> str:
    """Return a text as one line that fits a subject; line breaks and control characters become spaces."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= MAX_SUBJECT else f"{line[: MAX_SUBJECT - 1]}…"
