"""``/healthz`` and ``/readyz``."""

from collections.abc import Callable

from flask import Blueprint, Response

from contract.readiness import Asker
from webhook.journal import Journal, JournalUnavailableError
from webhook.lines import to_line
from webhook.refusals import Refused


def blueprint(journal: Journal, refused: Callable[[], Refused | None]) -> Blueprint:
    """Answer what Kubernetes asks; `refused` tells the newest refusal, which makes no webhook unready."""
    bp = Blueprint("health", __name__)

    def question() -> int:
        journal.probe()
        return journal.last_seq()

    probe = Asker(question)

    @bp.get("/healthz")
    def healthz() -> Response:
        """Answer always: a journal that is down is no reason to restart the process."""
        return Response('{"status":"ok"}\n', content_type="application/json")

    @bp.get("/readyz")
    def readyz() -> Response:
        """Answer 200 if a commit works now, or did a second ago; else the exception becomes a 503.

        Raises JournalUnavailableError.
        """
        try:
            last_seq = probe.ask()
        except TimeoutError:
            raise JournalUnavailableError("unreachable") from None
        newest = refused()
        refusal = newest and {"age_s": round(newest.age_seconds, 1), "reason": newest.reason}
        line = to_line(status="ok", last_seq=last_seq, refused=refusal)
        return Response(line + "\n", content_type="application/json")

    return bp
