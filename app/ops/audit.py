"""The audit trail: who did what to the installation, from where."""

from typing import Any

from flask import g, has_request_context, request

from app.extensions import db
from app.ops.models import AuditEvent


def record(kind: str, actor_name: str, summary: str, **data: Any) -> None:
    """Add an entry; call it in the transaction of what it tells.

    What is done by a request also keeps the caller's address and the request's id, which the log has too.
    """
    if has_request_context():
        data = {"address": request.remote_addr, "request_id": g.get("request_id")} | data
    db.session.add(AuditEvent(kind=kind, actor_name=actor_name, summary=summary, data=data))
