"""Telling the app: the spooled reports until it takes them, and a heartbeat."""

import json
import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
import structlog

from automation.clock import Clock
from automation.fit import forms
from automation.ledger import reports
from automation.ledger.database import Ledger
from automation.ledger.reports import Report
from contract.sessions import session

HEARTBEAT = "/api/v1/automation/heartbeat"
TIMEOUT = (3.0, 10.0)
LONGEST_DELAY = 60.0
RETRY_SECONDS = 2.0
MENDABLE = frozenset({401, 403, 404, 408, 425, 429})
"""4xx answers that a person or time can mend: a wrong token, an app of an older version, too much at once."""

log = structlog.get_logger()


class AppError(Exception):
    """The app did not answer."""


class App:
    """A client of the app's API."""

    def __init__(self, url: str, token: str, ca_file: Path | None = None) -> None:
        self._url = url.rstrip("/")
        self._session = session(ca_file)
        self._session.trust_env = False  # a proxy or .netrc of the user must not see the token
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["Content-Type"] = "application/json"

    def post(self, path: str, body: str) -> requests.Response:
        """Send a JSON document. Raises AppError when there is no answer."""
        try:
            return self._session.post(
                self._url + path, data=body.encode(), timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise AppError(type(error).__name__) from None

    def get(self, path: str, params: Mapping[str, str | int], wait: float) -> requests.Response:
        """Ask for a document that may take `wait` seconds. Raises AppError when there is no answer."""
        try:
            return self._session.get(
                self._url + path,
                params=params,
                timeout=(TIMEOUT[0], TIMEOUT[1] + wait),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise AppError(f"no answer ({type(error).__name__})") from None


class Reporter:
    """Empties the spool, in order, with growing pauses while the app is away."""

    def __init__(self, app: App, ledger: Ledger, clock: Clock) -> None:
        self._app, self._ledger, self._clock = app, ledger, clock

    def send_due(self) -> None:
        """Send what is due; stop at the first time the app does not answer at all."""
        for report in reports.due(self._ledger, self._clock.steady()):
            try:
                answer = self._tell(report)
            except AppError as error:
                self._postpone(report, f"no answer ({error})")
                return
            self._settle(report, answer)

    def _tell(self, report: Report) -> requests.Response:
        """Send a report, in ever smaller forms while the app refuses it: its end must not get lost.

        Raises AppError.
        """
        for number, body in enumerate(forms(json.loads(report.body))):
            answer = self._app.post(report.path, body)
            if not _is_refusal(answer):
                if number:
                    log.warning("report_shortened", path=report.path, subject=report.subject)
                break
        return answer

    def _settle(self, report: Report, answer: requests.Response) -> None:
        code = answer.status_code
        if requests.codes.ok <= code < requests.codes.multiple_choices:
            reports.delivered(self._ledger, report)
        elif _is_refusal(answer):
            reason = f"{code}: {answer.text[:500]}"
            reports.refused(self._ledger, report, reason)
            log.error("report_refused", path=report.path, subject=report.subject, answer=reason)
        else:
            self._postpone(report, f"it answers {code}")

    def _postpone(self, report: Report, reason: str) -> None:
        delay = min(LONGEST_DELAY, 0.5 * 2.0 ** min(report.tries, 10)) * random.uniform(0.7, 1.0)  # noqa: S311 - jitter
        reports.retry_at(self._ledger, report, self._clock.steady() + delay)
        log.warning("report_not_delivered", path=report.path, reason=reason, retry_in_s=round(delay, 1))


def _is_refusal(answer: requests.Response) -> bool:
    """Say whether the same again would be refused again."""
    return 400 <= answer.status_code < 500 and answer.status_code not in MENDABLE  # noqa: PLR2004 - client errors


class Heartbeat:
    """Tells the app that automation lives."""

    def __init__(self, app: App, document: Callable[[], dict[str, Any]]) -> None:
        self._app, self._document = app, document
        self._is_known_down = False

    def send(self) -> bool:
        """Send one heartbeat; whether the app took it."""
        try:
            status = self._app.post(HEARTBEAT, json.dumps(self._document())).status_code
        except AppError:
            status = None
        is_down = status != requests.codes.ok
        if is_down and not self._is_known_down:
            log.warning("heartbeat_refused", status=status)
        self._is_known_down = is_down
        return not is_down


def repeat(stop: threading.Event, seconds: float, action: Callable[[], bool | None]) -> None:
    """Do something every `seconds` until told to stop; sooner after it failed: said False, or raised."""
    while True:
        try:
            has_failed = action() is False
        except Exception:
            log.exception("background_work_failed")
            has_failed = True
        if stop.wait(min(seconds, RETRY_SECONDS) if has_failed else seconds):
            return
