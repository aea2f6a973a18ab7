"""A test alert for our own Alertmanager: it comes back here the way every alert comes."""

from datetime import timedelta

from app.alerts import sources
from app.clock import now
from app.config import Settings
from contract.moments import rfc3339

NAME = "TestAlert"
SUMMARY = "A test of the path of an alert"
LASTS = timedelta(minutes=5)


def send(settings: Settings) -> None:
    """Let the test alert fire in Alertmanager; it ends by itself after LASTS.

    Raises:
        Unreachable: Alertmanager did not take it.

    """
    alert = {
        "labels": {"alertname": NAME, "severity": "low"},
        "annotations": {"summary": SUMMARY},
        "startsAt": rfc3339(now()),
        "endsAt": rfc3339(now() + LASTS),
    }
    sources.send_to_any(settings.alertmanagers, "/api/v2/alerts", [alert], settings.ca_file)
