"""The running parts as seen from outside: their HTTP interfaces, their logs, the mails that arrived."""

import json
import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from typing import Any

import requests

from demo.settings import Settings
from demo.state import State

TIMEOUT_SECONDS = 3


@dataclass(frozen=True)
class Mail:
    """A mail as the sink kept it."""

    subject: str
    recipients: str


class Parts:
    """Reads the parts; a part that does not answer raises ``requests.RequestException``."""

    def __init__(self, settings: Settings, state: State, token: str) -> None:
        self._settings, self._state, self._token = settings, state, token

    def is_ready(self, part: str, path: str) -> bool:
        """Say whether a part answers 200 at a path."""
        return requests.get(self._settings.url(part) + path, timeout=TIMEOUT_SECONDS).ok

    def heartbeat(self) -> str | None:
        """Say that the app has heard of the automation, once it has."""
        metrics = requests.get(f"{self._settings.url('app-metrics')}/metrics", timeout=TIMEOUT_SECONDS).text
        found = re.search(r"^oims_automation_heartbeat_timestamp_seconds\S* [1-9]", metrics, re.MULTILINE)
        return "The automation has reported to the app" if found else None

    def page_status(self) -> int:
        """Return what a visitor of the app gets."""
        url = f"{self._settings.url('app')}/login"
        return requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False).status_code

    def switch_fault(self, kind: str, *, on: bool) -> None:
        """Break the app, or stop breaking it."""
        self.api("/demo/faults", {"kind": kind, "on": on})

    def firing(self, alertname: str) -> dict[str, Any] | None:
        """Return an alert that fires in Prometheus."""
        url = f"{self._settings.url('prometheus')}/api/v1/alerts"
        alerts = _json(requests.get(url, timeout=TIMEOUT_SECONDS))["data"]["alerts"]
        for alert in alerts:
            if alert["labels"]["alertname"] == alertname and alert["state"] == "firing":
                return dict(alert)
        return None

    def send_alert(self, alert: dict[str, Any]) -> None:
        """Hand an alert to Alertmanager, as Prometheus does."""
        url = f"{self._settings.url('alertmanager')}/api/v2/alerts"
        requests.post(url, json=[alert], timeout=TIMEOUT_SECONDS).raise_for_status()

    def events(self, alertname: str, status: str) -> list[dict[str, Any]]:
        """Return the journal's events of an alert with a status, oldest first."""
        answer = requests.get(
            f"{self._settings.url('webhook')}/events",
            params={"after": 0, "limit": 500},
            headers={"Authorization": f"Bearer {self._state.secret('reader-token')}"},
            timeout=TIMEOUT_SECONDS,
        )
        return [
            event
            for event in _json(answer)["events"]
            if event["labels"].get("alertname") == alertname and event["status"] == status
        ]

    def api(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Get from the app's API, or post a body to it."""
        answer = requests.request(
            "GET" if body is None else "POST",
            self._settings.url("app") + path,
            json=body,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=TIMEOUT_SECONDS,
        )
        return _json(answer)

    def incident(self, alertname: str) -> dict[str, Any] | None:
        """Return the incident of an alert, from the app's API."""
        for item in self.api("/api/v1/incidents")["items"]:
            if item["alertname"] == alertname:
                return dict(item)
        return None

    def timeline(self, incident: int) -> list[dict[str, Any]]:
        """Return an incident's timeline, oldest first."""
        items: list[dict[str, Any]] = self.api(f"/api/v1/incidents/{incident}/timeline")["items"]
        return items

    def automation_said(self, event: str, **fields: object) -> dict[str, Any] | None:
        """Return the first line of the automation's log that tells an event with these fields."""
        return next((line for line in self._log("monitor") if _tells(line, event, fields)), None)

    def webhook_answers(self, path: str = "/") -> list[int]:
        """Return the status of each POST that the webhook answered, by its access log."""
        lines = (line for line in self._log("webhook") if line.get("kind") == "access")
        return [line["status"] for line in lines if line.get("method") == "POST" and line.get("path") == path]

    def mails(self) -> list[Mail]:
        """Return the mails in the sink, oldest first."""
        if not (self._state.mail / "new").is_dir():
            return []
        box = mailbox.Maildir(self._state.mail, create=False)
        mails = [box[key] for key in sorted(box.keys())]  # a key begins with the time
        return [
            Mail(str(make_header(decode_header(mail["Subject"] or ""))), mail["X-Envelope-To"] or "")
            for mail in mails
        ]

    def _log(self, part: str) -> Iterator[dict[str, Any]]:
        path = self._state.log / f"{part}.log"
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("{"):
                    try:
                        yield json.loads(line)
                    except ValueError:
                        continue  # still being written


def _tells(line: dict[str, Any], event: str, fields: dict[str, object]) -> bool:
    return line.get("event") == event and all(line.get(name) == value for name, value in fields.items())


def _json(answer: requests.Response) -> Any:
    answer.raise_for_status()
    return answer.json()
