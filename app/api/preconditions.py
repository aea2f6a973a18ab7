"""Changes that are based on what the caller has seen: ``If-Match`` with the incident's ``ETag``.

A tag is ``"<version>-<last entry, Unix time in ms>"``. Only the version is compared: comments and reports of
the automation change the incident's page, but take nothing away from anybody.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import request

from app.errors import EditConflict, FieldError, InvalidInput, PreconditionFailed
from app.incidents import queries
from contract.moments import rfc3339

HEADER = "If-Match"
TAG = r'"[0-9]{1,9}-[0-9]{1,15}"'
PATTERN = rf"^(\*|{TAG})$"
_PARTS = re.compile(r'"(\d+)-(\d+)"')


@contextmanager
def precondition(incident_id: int) -> Iterator[int | None]:
    """Give the version the caller has seen, None when any will do.

    Raises:
        InvalidInput: the header is no tag of an incident.
        PreconditionFailed: the incident was changed since; the errors say what happened.

    """
    tag = request.headers.get(HEADER)
    if tag is None or tag == "*":
        yield None
        return
    if not re.match(PATTERN, tag):
        message = "is not the ETag of an incident"
        raise InvalidInput(f"{HEADER} {message}.", [{"field": HEADER, "message": message}])
    version, seen_ms = (int(part) for part in _PARTS.findall(tag)[0])
    try:
        yield version
    except EditConflict as conflict:
        raise PreconditionFailed(conflict.detail, _since(incident_id, seen_ms)) from None


def tag(version: int, updated_at: datetime) -> str:
    """Return the entity tag of an incident, without its quotes."""
    return f"{version}-{round(updated_at.timestamp() * 1000)}"


def _since(incident_id: int, seen_ms: int) -> list[FieldError]:
    seen_at = datetime.fromtimestamp(min(seen_ms, 10**13) / 1000, UTC)
    return [
        {"field": HEADER, "message": f"{rfc3339(event.at)} {event.summary}"}
        for event in queries.timeline_since(incident_id, seen_at)
    ]
