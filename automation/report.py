"""The app's API as automation uses it, and the heartbeat."""

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests
import structlog

from contract.sessions import session

HEARTBEAT = "/api/v1/automation/heartbeat"
TIMEOUT = (3.0, 10.0)
RETRY_SECONDS = 2.0

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
