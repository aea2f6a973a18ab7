"""Outgoing webhooks and contact methods as the pictures show them."""

from datetime import timedelta

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.outgoing import service, telling
from app.records.actors import Actor, ActorKind
from app.records.channels import ContactMethod, MethodKind, NotificationRule, QuietHours, Urgency
from app.records.outbox import MailState, OutboxMessage

BY = Actor(ActorKind.SYSTEM, "Nora")
METHODS = (
    (MethodKind.NTFY, "Phone", True),
    (MethodKind.TWILIO, "Work phone", True),
    (MethodKind.SLACK, "Me", False),
)
CHANGES = (
    ("opened", "Opened by Alertmanager.", MailState.SENT, ""),
    ("acknowledged", "Acknowledged by Ada.", MailState.SENT, ""),
    ("commented", "Ada commented.", MailState.DEAD, "It answered 422: unknown field"),
    ("resolved", "Resolved by Ada.", MailState.WAITING, "status.example.org did not answer in time."),
)


def listen() -> int:
    """Add outgoing webhooks; return the number of the one with a history."""
    service.create(name="Data warehouse", url="https://warehouse.example.org/oims", actor=BY)
    status, _ = service.create(name="Status page", url="https://status.example.org/hooks/7c1e", actor=BY)
    with transaction():
        for place in range(len(CHANGES)):
            _add(status.id, place)
    return status.id


def _add(webhook_id: int, place: int) -> None:
    kind, summary, state, error = CHANGES[place]
    at = now() - timedelta(minutes=40 - 10 * place)
    columns = telling.columns(webhook_id, "Status page", f"{place:032x}", summary)
    columns |= {
        "payload": {"incident": 1, "kind": kind},
        "created_at": at,
        "state": state,
        "attempts": 3 if error else 1,
        "last_error": error or None,
        "sent_at": at if state is MailState.SENT else None,
        "next_at": now() + timedelta(minutes=5),
    }
    db.session.add(OutboxMessage(**columns))


def reach(user_id: int) -> None:
    """Give a person contact methods, rules and quiet hours."""
    with transaction():
        made = [_method(user_id, *method) for method in METHODS]
        steps = ((Urgency.HIGH, made[0], 0), (Urgency.HIGH, made[1], 120), (Urgency.LOW, None, 0))
        for urgency, method_id, after_s in steps:
            rule = NotificationRule(user_id=user_id, urgency=urgency, method_id=method_id, after_s=after_s)
            db.session.add(rule)
        db.session.add(QuietHours(user_id=user_id, begin_minute=22 * 60, end_minute=7 * 60))


def _method(user_id: int, kind: MethodKind, name: str, is_proved: bool) -> int:  # noqa: FBT001 - a column
    proved_at = now() if is_proved else None
    method = ContactMethod(user_id=user_id, kind=kind, name=name, sealed="", proved_at=proved_at)
    db.session.add(method)
    db.session.flush()
    return method.id
