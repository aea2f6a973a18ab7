"""What our own Prometheus and Alertmanager know of an alert. Only the configured ones are asked, or told.

An answer takes a second at most, whatever the server does, and is kept for a while; so is a failure, so that
a server that is away doesn't cost a second each time. A page never waits for this: it is a part of its own.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import requests
import structlog

from app import direct
from contract.alertmanagers import Alertmanager
from contract.sessions import trust

log = structlog.get_logger()

PATIENCE_S = 1.0
TAKEN_WITHIN_S = 3.0
KEEP_S = 60.0
KEEP_FAILURE_S = 15.0
MOST_KEPT = 256
MAX_BYTES = 2_000_000
CHUNK = 65_536

_kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()
_guard = Lock()


class Unreachable(Exception):
    """The server gave no useful answer in time."""


def ask(
    base_url: str,
    path: str,
    query: Mapping[str, Any],
    *,
    headers: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
) -> Any:
    """Return the JSON at an address of a configured server; ``ca_file`` names whom to trust besides others.

    Raises:
        Unreachable: it didn't answer within a second, or not with JSON of a sensible size.

    """
    url = f"{base_url}{path}?{urlencode(query, doseq=True)}"
    with _guard:
        until, answer = _kept.get(url, (0.0, None))
    if until < monotonic():
        answer = _answer(url, headers, ca_file)
        keep_s = KEEP_FAILURE_S if answer is None else KEEP_S
        with _guard:
            _kept[url] = (monotonic() + keep_s, answer)
            _kept.move_to_end(url)
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    if answer is None:
        raise Unreachable(base_url)
    return answer


def ask_any(
    servers: Sequence[Alertmanager], path: str, query: Mapping[str, Any], ca_file: Path | None
) -> Any:
    """Return what the first Alertmanager that answers says: those of a cluster know the same.

    Raises:
        Unreachable: none answers.

    """
    for server in servers:
        try:
            return ask(server.url, path, query, headers=server.headers(), ca_file=ca_file)
        except Unreachable:
            continue
    raise Unreachable


def send_to_any(servers: Sequence[Alertmanager], path: str, body: Any, ca_file: Path | None) -> None:
    """Post JSON to the first Alertmanager that takes it.

    Raises:
        Unreachable: none takes it.

    """
    for server in servers:
        try:
            with direct.session() as session:
                trust(session, ca_file)
                url, headers = f"{server.url}{path}", server.headers()
                with session.post(
                    url, json=body, headers=headers, timeout=TAKEN_WITHIN_S, allow_redirects=False
                ) as answer:
                    answer.raise_for_status()
                    return
        except requests.RequestException as error:
            log.warning("alert_source_did_not_take", path=path, error=type(error).__name__)
    raise Unreachable


def forget() -> None:
    """Forget all answers."""
    with _guard:
        _kept.clear()


def _answer(url: str, headers: Mapping[str, str] | None, ca_file: Path | None) -> Any:
    deadline = monotonic() + PATIENCE_S
    body = bytearray()
    try:
        with direct.session() as session:
            trust(session, ca_file)
            with session.get(
                url, headers=headers, timeout=PATIENCE_S / 2, stream=True, allow_redirects=False
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise requests.HTTPError(f"status {response.status_code}")
                # A time-out of requests counts from one byte to the next; the deadline counts them all.
                for chunk in response.iter_content(CHUNK):
                    body += chunk
                    if monotonic() > deadline or len(body) > MAX_BYTES:
                        raise requests.Timeout("too slow or too large")
        return json.loads(body)
    except (requests.RequestException, ValueError) as error:
        log.info("alert_source_unreachable", error=type(error).__name__)
        return None
