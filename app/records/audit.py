"""The audit trail: who did what to the installation, from where."""

from collections.abc import Collection, Sequence

from flask import g, has_request_context, request
from sqlalchemy import select

from app.extensions import db
from app.paging import PAGE_SIZE, Page, newest_first
from app.records.actors import Actor
from app.records.audit_kinds import AuditEntry, AuditKind
from app.records.operations import AuditEvent


def record(entry: AuditEntry, actor: Actor, summary: str) -> None:
    """Add an entry with the account of who did it; call it in the transaction of what it tells.

    What is done by a request also keeps the caller's address and the request's id, which the log has too.
    """
    data = entry.data()
    if has_request_context():
        data = {"address": request.remote_addr, "request_id": g.get("request_id")} | data
    db.session.add(
        AuditEvent(
            kind=entry.kind.value,
            actor_name=actor.name,
            actor_id=actor.user_id,
            actor_email=actor.email,
            summary=summary,
            data=data,
        )
    )


def page(*, kind: str | None, after: str | None) -> Page[AuditEvent]:
    """Return entries, newest first; of one kind only, where given.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(AuditEvent)
    if kind is not None:
        statement = statement.where(AuditEvent.kind == kind)
    return newest_first(statement, AuditEvent.id, after=after, limit=PAGE_SIZE)


def latest(kinds: Collection[AuditKind], limit: int) -> Sequence[AuditEvent]:
    """Return the newest entries of some kinds."""
    statement = select(AuditEvent).where(AuditEvent.kind.in_(kinds))
    return db.session.scalars(statement.order_by(AuditEvent.id.desc()).limit(limit)).all()


def kinds() -> Sequence[str]:
    """Return the kinds of entries there are."""
    return db.session.scalars(select(AuditEvent.kind).distinct().order_by(AuditEvent.kind)).all()
