"""``GET /events`` gives events to consumers."""

import threading
from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request

from webhook.bearer import authorize
from webhook.credentials import Credential
from webhook.errors import RefusedError
from webhook.journal import Journal
from webhook.refusals import Refused
from webhook.signing import signed_line

MAX_LIMIT = 1000
MAX_WAIT_SECONDS = 30
MAX_NUMBER = 2**63 - 1
# Of the eight threads half stay free for deliveries, however many consumers wait.
MAX_WAITING = 4


def blueprint(
    *,
    journal: Journal,
    reader: Credential,
    writer: Credential,
    event_key: Credential,
    watchdog_age: Callable[[], float | None],
    refused: Callable[[], Refused | None],
) -> Blueprint:
    """Open the journal to readers.

    `watchdog_age` says for how many seconds its source has been silent, `refused` what was refused last.
    """
    bp = Blueprint("journal", __name__)
    waiting = threading.BoundedSemaphore(MAX_WAITING)

    @bp.get("/events")
    def events() -> Response:
        """Give the events after a number; wait for one if asked to and there is none yet."""
        authorize(request.environ, reader, other=writer)
        after = _number("after", default=0, most=MAX_NUMBER)
        limit = _number("limit", default=500, least=1, most=MAX_LIMIT)
        wait = _number("wait", default=0, most=MAX_WAIT_SECONDS)
        headers = {}
        if wait and journal.last_seq() == after:
            if waiting.acquire(blocking=False):
                try:
                    journal.wait(after, wait)
                finally:
                    waiting.release()
            else:
                headers["Retry-After"] = "1"
        page = journal.read(after, limit)
        key = event_key.value
        lines = ",".join(signed_line(text, key) for text in page.events)
        state = page.state
        age = watchdog_age()
        silence = "null" if age is None else round(age, 1)
        newest = refused()
        refusal = f'{{"age_s":{newest.age_seconds:.1f},"reason":"{newest.reason}"}}' if newest else "null"
        body = (
            f'{{"events":[{lines}],"last_seq":{state.last_seq},"oldest_seq":{state.oldest_seq},'
            f'"journal_id":"{state.journal_id}","watchdog_age_s":{silence},"refused":{refusal}}}\n'
        )
        return Response(body, HTTPStatus.OK, headers, content_type="application/json")

    return bp


def _number(name: str, *, default: int, least: int = 0, most: int) -> int:
    """Read a number of the query string."""
    text = request.args.get(name, str(default))
    digits = text if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else "-1"
    if not least <= int(digits) <= most:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "invalid", f"{name}: must be a number from {least} to {most}"
        )
    return int(digits)
