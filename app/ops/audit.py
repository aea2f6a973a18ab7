"""The audit trail: who did what to the installation."""

from typing import Any

from app.extensions import db
from app.ops.models import AuditEvent


def record(kind: str, actor_name: str, summary: str, **data: Any) -> None:
    """Add an entry; call it in the transaction of what it tells."""
    db.session.add(AuditEvent(kind=kind, actor_name=actor_name, summary=summary, data=data))
