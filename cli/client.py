"""Requests to the API: each change carries a key, so that repeating it after a failure can't do it twice."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, Any, override
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from cli import __version__
from cli.errors import NOT_ALLOWED, REFUSED, UNREACHABLE, CommandError
from cli.settings import Settings
from contract.trust import trusting

AGENT = {"User-Agent": f"oims-cli/{__version__}"}
TIMEOUT_S = 30
TRIES = 3
MAX_ANSWER = 16 * 1024 * 1024
LONGEST_PAUSE_S = 30
SECONDS = re.compile("[0-9]{1,9}")
PASSING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
PART = 200
"""The most that one request for a list may ask for."""


class _NoRedirect(HTTPRedirectHandler):
    """A token must not be carried to wherever an answer points."""

    @override
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing."""


def direct_opener(ca_file: Path | None) -> OpenerDirector:
    """Return what opens addresses: no redirect is followed, and a private authority may be trusted."""
    return build_opener(_NoRedirect, HTTPSHandler(context=trusting(ca_file)))


class Client:
    """The API with a token."""

    def __init__(self, settings: Settings, *, tries: int = TRIES, timeout_s: float = TIMEOUT_S) -> None:
        self._settings, self._tries, self._timeout_s = settings, tries, timeout_s
        self._opener = direct_opener(settings.ca_file)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is at ``path``; arguments that are None or empty are left out.

        Raises:
            CommandError: the app can't be reached, or refuses.

        """
        given = {name: value for name, value in query.items() if value not in (None, "", [])}
        return self._send("GET", f"{path}?{urlencode(given, doseq=True)}" if given else path, None, {})

    def listed(self, path: str, limit: int, **query: Any) -> Iterator[Any]:
        """Yield up to ``limit`` items of a list, part by part."""
        cursor = None
        while limit > 0:
            part = self.get(path, limit=min(limit, PART), cursor=cursor, **query)
            yield from part["items"]
            limit -= len(part["items"])
            cursor = part["next"]
            if cursor is None:
                return

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a change and return the answer; it takes effect once, however often it had to be sent.

        Raises:
            CommandError: the app can't be reached, or refuses.

        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        return self._send("POST", path, json.dumps(body).encode(), headers)

    def _send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Any:
        headers = (
            headers
            | {"Authorization": f"Bearer {self._settings.token}", "Accept": "application/json"}
            | AGENT
        )
        address = f"{self._settings.url}/api/v1{path}"
        for left in reversed(range(self._tries)):
            request = Request(address, data, headers, method=method)  # noqa: S310 - the scheme was checked
            try:
                with self._opener.open(request, timeout=self._timeout_s) as answer:
                    return _read(answer.read(MAX_ANSWER))
            except HTTPError as refusal:
                with refusal:
                    if refusal.code not in PASSING or not left:
                        raise _refused(refusal) from None
                    pause = _pause(refusal.headers.get("Retry-After"))
            except (URLError, OSError, HTTPException) as error:
                if not left:
                    raise _unreachable(self._settings.url, error) from None
                pause = 1
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise CommandError(
            "OIMS_URL leads to something that is not OIMS: its answer is no JSON.", UNREACHABLE
        ) from None


def _refused(refusal: HTTPError) -> CommandError:
    """Say what the app says; where it is not the app that answers, what that means."""
    status = refusal.code
    try:
        problem = json.loads(refusal.read(MAX_ANSWER))
        sentence = str(problem["detail"])
        sentence += "".join(f"\n  {error['field']}: {error['message']}" for error in problem["errors"])
    except (ValueError, RecursionError, KeyError, TypeError, OSError, HTTPException):
        sentence = f"The answer has the status {status} and is not from OIMS; check OIMS_URL."
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return CommandError(sentence, NOT_ALLOWED)
    is_ours = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return CommandError(sentence, REFUSED if is_ours and status not in PASSING else UNREACHABLE)


def _unreachable(url: str, error: Exception) -> CommandError:
    return CommandError(f"{url} cannot be reached: {why(error)}.", UNREACHABLE)


def why(error: Exception) -> str:
    """Return why a request failed, without the address: it may be a secret."""
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, Exception) else error
    return getattr(cause, "strerror", None) or type(cause).__name__


def _pause(retry_after: str | None) -> int:
    wanted = int(retry_after) if retry_after and SECONDS.fullmatch(retry_after) else 1
    return min(wanted, LONGEST_PAUSE_S)
