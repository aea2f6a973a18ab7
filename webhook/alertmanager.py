"""A look at Alertmanager through its API, version 2."""

import contextlib
import http.client
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contract.trust import trusting

TIMEOUT_SECONDS = 5.0
WATCHDOG = "Watchdog"
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class AlertmanagerError(Exception):
    """Alertmanager could not be asked, or its answer is not to be trusted."""


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


def look(url: str, ca_file: Path | None) -> Look:
    """Ask the Alertmanager at ``url``. Raises AlertmanagerError."""
    status, date = _get(url, "/api/v2/status", ca_file)
    alerts, _ = _get(url, "/api/v2/alerts", ca_file)
    if not isinstance(status, dict) or not isinstance(alerts, list):
        raise AlertmanagerError("an answer has another form than that of the API, version 2")
    started_at = str(status.get("uptime"))
    try:
        up = _seconds_since(started_at, date)
    except (ValueError, TypeError):
        raise AlertmanagerError("it does not say since when it has been running") from None
    known = [alert for alert in alerts if isinstance(alert, dict)]
    return Look(known, started_at, up, _watchdog_age(known, date))


def suppressed(url: str, ca_file: Path | None) -> list[dict[str, Any]]:
    """Return what the Alertmanager at ``url`` tells nobody about, and why. Raises AlertmanagerError.

    Each has a ``fingerprint``, the ``silences`` that hold it back (``created_by``, ``comment``, ``ends_at``),
    the fingerprints that inhibit it (``inhibited_by``) and the time intervals that mute it (``muted_by``).
    """
    alerts = _get(url, "/api/v2/alerts?active=false&unprocessed=false", ca_file)[0]
    if not isinstance(alerts, list):
        raise AlertmanagerError("an answer has another form than that of the API, version 2")
    found = [(str(one.get("fingerprint")), one.get("status")) for one in alerts if isinstance(one, dict)]
    held = [(name, how) for name, how in found if isinstance(how, dict) and how.get("state") != "active"]
    silences = _silences(url, ca_file) if any(how.get("silencedBy") for _, how in held) else {}
    return [
        {
            "fingerprint": name,
            "silences": [silences.get(one, {}) for one in _names(how, "silencedBy")],
            "inhibited_by": _names(how, "inhibitedBy"),
            "muted_by": _names(how, "mutedBy"),
        }
        for name, how in held
    ]


def _silences(url: str, ca_file: Path | None) -> dict[str, dict[str, str]]:
    """Return who made each silence, why, and until when."""
    known = _get(url, "/api/v2/silences", ca_file)[0]
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


def _get(url: str, path: str, ca_file: Path | None) -> tuple[Any, str]:
    """Return the JSON of a path and the Date of the answer."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, ca_file)
    try:
        connection.request("GET", parts.path.rstrip("/") + path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER_BYTES)
        if answer.status != http.HTTPStatus.OK:
            raise AlertmanagerError(f"{path} answered {answer.status}")
        return json.loads(body), answer.headers.get("Date", "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AlertmanagerError(f"{path}: {type(error).__name__}") from error
    finally:
        connection.close()
