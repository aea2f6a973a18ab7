"""``GET /mutes`` says which alerts Alertmanager holds back now, by whom, why, and for how long."""

import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from webhook.bearer import authorize
from webhook.credentials import Credential

FRESH_SECONDS = 1.0


class Mutes:
    """What the Alertmanagers answered last; asked again when that is older than a second."""

    def __init__(self, ask: Callable[[], list[dict[str, Any]] | None]) -> None:
        self._ask, self._lock = ask, threading.Lock()
        self._answer: list[dict[str, Any]] | None = None
        self._asked_at = float("-inf")

    def read(self) -> list[dict[str, Any]] | None:
        """Return the alerts that are held back; none when nobody can say."""
        with self._lock:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                self._answer = self._ask()
                self._asked_at = time.monotonic()
            return self._answer


def blueprint(
    *, read: Callable[[], list[dict[str, Any]] | None], reader: Credential, writer: Credential
) -> Blueprint:
    """Tell readers what `read` says."""
    bp = Blueprint("mutes", __name__)

    @bp.get("/mutes")
    def mutes() -> Response:
        authorize(request.environ, reader, other=writer)
        alerts = read()
        return jsonify(is_known=alerts is not None, alerts=alerts or [])

    return bp
