"""A look at one Alertmanager through its API, version 2."""

import contextlib
import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contract.alertmanagers import Alertmanager
from contract.trust import trusting

TIMEOUT_SECONDS = 5.0
WATCHDOG = "Watchdog"
HINTS = {
    401: "; set OIMS_ALERTMANAGER_USERNAME and _PASSWORD_FILE, or OIMS_ALERTMANAGER_TOKEN_FILE",
    403: "; the name or token that is set may not read there",
    404: "; the address must be that of Alertmanager's own page, with its path if it has one",
}
MAX_ANSWER_BYTES = 64 * 1024 * 1024

type Ask = Callable[[str], tuple[Any, str]]


class AlertmanagerError(Exception):
    """Alertmanager could not be asked, or its answer is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Look:
    """What Alertmanager knows at one moment.

    ``alerts``: those that are on, silenced and inhibited ones too, as its API gives them. ``up_seconds`` is
    how long the process that was asked has been running, and ``watchdog_age_seconds`` how long ago Prometheus
    last sent it the alert that always fires (none when it does not have that alert), both by its own clock.
    """

    alerts: list[dict[str, Any]]
    up_seconds: float
    watchdog_age_seconds: float | None


def look(server: Alertmanager, ca_file: Path | None) -> Look:
    """Ask an Alertmanager. Raises AlertmanagerError."""
    # Both questions on one connection: behind one address there may be several, and one answers for itself.
    with _asking(server, ca_file) as ask:
        status, date = ask("/api/v2/status")
        alerts, _ = ask("/api/v2/alerts")
    if not isinstance(status, dict) or not isinstance(alerts, list):
        raise AlertmanagerError("an answer has another form than that of the API, version 2")
    try:
        up = _seconds_since(str(status.get("uptime")), date)
    except (ValueError, TypeError):
        raise AlertmanagerError("it does not say since when it has been running") from None
    known = [alert for alert in alerts if isinstance(alert, dict)]
    return Look(known, up, _watchdog_age(known, date))


def suppressed(server: Alertmanager, ca_file: Path | None) -> list[dict[str, Any]]:
    """Return what an Alertmanager tells nobody about, and why. Raises AlertmanagerError.

    Each has a ``fingerprint``, the ``silences`` that hold it back (``created_by``, ``comment``, ``ends_at``),
    the fingerprints that inhibit it (``inhibited_by``) and the time intervals that mute it (``muted_by``).
    """
    with _asking(server, ca_file) as ask:
        alerts = ask("/api/v2/alerts?active=false&unprocessed=false")[0]
        if not isinstance(alerts, list):
            raise AlertmanagerError("an answer has another form than that of the API, version 2")
        found = [(str(one.get("fingerprint")), one.get("status")) for one in alerts if isinstance(one, dict)]
        held = [(name, how) for name, how in found if isinstance(how, dict) and how.get("state") != "active"]
        is_silenced = any(how.get("silencedBy") for _, how in held)
        silences = _silences(ask("/api/v2/silences")[0]) if is_silenced else {}
    return [
        {
            "fingerprint": name,
            "silences": [silences.get(one, {}) for one in _names(how, "silencedBy")],
            "inhibited_by": _names(how, "inhibitedBy"),
            "muted_by": _names(how, "mutedBy"),
        }
        for name, how in held
    ]


def _silences(known: Any) -> dict[str, dict[str, str]]:
    """Return who made each silence, why, and until when."""
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


@contextmanager
def _asking(server: Alertmanager, ca_file: Path | None) -> Iterator[Ask]:
    """Give a function that returns the JSON of a path and the Date of the answer.

    What goes wrong meanwhile is an AlertmanagerError.
    """
    parts = urlsplit(server.url)
    path = ""

    def ask(wanted: str) -> tuple[Any, str]:
        nonlocal path
        path = wanted
        connection.request("GET", parts.path.rstrip("/") + path, headers=server.headers())
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER_BYTES)
        if answer.status != http.HTTPStatus.OK:
            raise AlertmanagerError(f"{path} answered {answer.status}{HINTS.get(answer.status, '')}")
        return json.loads(body), answer.headers.get("Date", "")

    connection = _connection(parts.scheme, parts.hostname or "", parts.port, ca_file)
    try:
        yield ask
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AlertmanagerError(f"{path}: {_cause(error)}") from error
    finally:
        connection.close()


def _cause(error: Exception) -> str:
    """Name a failure without what it may quote."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}; set OIMS_CA_FILE"
    return type(error).__name__
