"""``/healthz``, ``/readyz`` and ``/metrics``."""

from flask import Blueprint, Response

from webhook.journal import Journal, JournalUnavailableError
from webhook.lines import to_line
from webhook.metrics import CONTENT_TYPE, Metrics


def blueprint(journal: Journal, metrics: Metrics) -> Blueprint:
    """Answer what Kubernetes and Prometheus ask."""
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

    @bp.get("/metrics")
    def exposition() -> Response:
        """Show the instruments; the journal's gauges stay as they were while it can't be read."""
        try:
            state = journal.state()
        except JournalUnavailableError:
            pass
        else:
            metrics.last_seq.set(state.last_seq)
            metrics.rows.set(state.row_count)
            metrics.bytes.set(state.byte_count)
        return Response(metrics.exposition(), content_type=CONTENT_TYPE)

    return bp
