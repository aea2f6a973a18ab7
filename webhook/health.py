"""``/healthz`` and ``/readyz``."""

from flask import Blueprint, Response

from webhook.journal import Journal
from webhook.lines import to_line


def blueprint(journal: Journal) -> Blueprint:
    """Answer what Kubernetes asks."""
    bp = Blueprint("health", __name__)

    @bp.get("/healthz")
    def healthz() -> Response:
        """Answer always: a journal that is down is no reason to restart the process."""
        return Response('{"status":"ok"}\n', content_type="application/json")

    @bp.get("/readyz")
    def readyz() -> Response:
        """Answer 200 if a commit works now, or did a second ago; else the exception becomes a 503."""
        journal.probe()
        return Response(
            to_line(status="ok", last_seq=journal.last_seq()) + "\n", content_type="application/json"
        )

    return bp
