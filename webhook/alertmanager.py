"""A look at Alertmanager through its API, version 2."""

import base64
import contextlib
import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contract.trust import trusting

TIMEOUT_SECONDS = 5.0
WATCHDOG = "Watchdog"
HINTS = {
    401: "; set OIMS_ALERTMANAGER_USERNAME and _PASSWORD_FILE, or OIMS_ALERTMANAGER_TOKEN_FILE",
    403: "; the name or token that is set may not read there",
    404: "; the address must be that of Alertmanager's own page, with its path if it has one",
}
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class AlertmanagerError(Exception):
    """Alertmanager could not be asked, or its answer is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Server:
    """An Alertmanager: its address, whom to trust for it, and what its header Authorization is now."""

    url: str
    ca_file: Path | None
    authorization: Callable[[], str]


def basic(name: str, password: str) -> str:
    """Return the header Authorization of a name and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Look:
    """What Alertmanager knows at one moment.

    ``alerts``: those that are on, silenced and inhibited ones too, as its API gives them. ``started_at``
    names the process that was asked; ``up_seconds`` is how long it has been running, and
    ``watchdog_age_seconds`` how long ago Prometheus last sent it the alert that always fires (none when it
    does not have that alert), both by its own clock.
    """

    alerts: list[dict[str, Any]]
    started_at: str
    up_seconds: float
    watchdog_age_seconds: float | None


def look(server: Server) -> Look:
    """Ask an Alertmanager. Raises AlertmanagerError."""
    status, date = _get(server, "/api/v2/status")
    alerts, _ = _get(server, "/api/v2/alerts")
    if not isinstance(status, dict) or not isinstance(alerts, list):
        raise AlertmanagerError("an answer has another form than that of the API, version 2")
    started_at = str(status.get("uptime"))
    try:
        up = _seconds_since(started_at, date)
    except (ValueError, TypeError):
        raise AlertmanagerError("it does not say since when it has been running") from None
    known = [alert for alert in alerts if isinstance(alert, dict)]
    return Look(known, started_at, up, _watchdog_age(known, date))


def suppressed(server: Server) -> list[dict[str, Any]]:
    """Return what an Alertmanager tells nobody about, and why. Raises AlertmanagerError.

    Each has a ``fingerprint``, the ``silences`` that hold it back (``created_by``, ``comment``, ``ends_at``),
    the fingerprints that inhibit it (``inhibited_by``) and the time intervals that mute it (``muted_by``).
    """
    alerts = _get(server, "/api/v2/alerts?active=false&unprocessed=false")[0]
    if not isinstance(alerts, list):
        raise AlertmanagerError("an answer has another form than that of the API, version 2")
    found = [(str(one.get("fingerprint")), one.get("status")) for one in alerts if isinstance(one, dict)]
    held = [(name, how) for name, how in found if isinstance(how, dict) and how.get("state") != "active"]
    silences = _silences(server) if any(how.get("silencedBy") for _, how in held) else {}
    return [
        {
            "fingerprint": name,
            "silences": [silences.get(one, {}) for one in _names(how, "silencedBy")],
            "inhibited_by": _names(how, "inhibitedBy"),
            "muted_by": _names(how, "mutedBy"),
        }
        for name, how in held
    ]


def _silences(server: Server) -> dict[str, dict[str, str]]:
    """Return who made each silence, why, and until when."""
    known = _get(server, "/api/v2/silences")[0]
    words = {"created_by": "createdBy", "comment": "comment", "ends_at": "endsAt"}
    return {
        str(one.get("id")): {name: str(one.get(theirs, "")) for name, theirs in words.items()}
        for one in (known if isinstance(known, list) else [])
        if isinstance(one, dict)
    }


def _names(status: dict[str, Any], key: str) -> list[str]:
    value = status.get(key)
    return [str(one) for one in value] if isinstance(value, list) else []


def _watchdog_age(alerts: list[dict[str, Any]], date: str) -> float | None:
    ages = []
    for alert in alerts:
        labels = alert.get("labels")
        if isinstance(labels, dict) and labels.get("alertname") == WATCHDOG:
            with contextlib.suppress(ValueError, TypeError):
                ages.append(max(0.0, _seconds_since(str(alert.get("updatedAt")), date)))
    return min(ages, default=None)


def _seconds_since(moment: str, date: str) -> float:
    """Return the seconds from an RFC 3339 time to the Date of an answer."""
    return (parsedate_to_datetime(date) - datetime.fromisoformat(moment).astimezone(UTC)).total_seconds()


def _connection(scheme: str, host: str, port: int | None, ca_file: Path | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = trusting(ca_file)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)


def _get(server: Server, path: str) -> tuple[Any, str]:
    """Return the JSON of a path and the Date of the answer."""
    parts = urlsplit(server.url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, server.ca_file)
    headers = {"Accept": "application/json"}
    if login := server.authorization():
        headers["Authorization"] = login
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER_BYTES)
        if answer.status != http.HTTPStatus.OK:
            raise AlertmanagerError(f"{path} answered {answer.status}{HINTS.get(answer.status, '')}")
        return json.loads(body), answer.headers.get("Date", "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AlertmanagerError(f"{path}: {type(error).__name__}") from error
    finally:
        connection.close()
