"""All Alertmanagers that are set, asked as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from contract.alertmanagers import Alertmanager
from webhook.alertmanager import AlertmanagerError, Look, look, suppressed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Everywhere:
    """What all of them know; ``is_whole``: each has answered, so what is not here is nowhere.

    ``up_seconds`` is that of the youngest process, ``watchdog_age_seconds`` the best of all.
    """

    alerts: list[dict[str, Any]]
    up_seconds: float
    watchdog_age_seconds: float | None
    is_whole: bool


def look_at_all(servers: Sequence[Alertmanager], ca_file: Path | None) -> Everywhere:
    """Ask each. Raises AlertmanagerError when none answers."""
    looks, failure = [], None
    for server in servers:
        try:
            looks.append(look(server, ca_file))
        except AlertmanagerError as error:
            failure = error
            log.warning("alertmanager_not_asked", url=server.url, reason=str(error))
    if failure and not looks:
        raise failure
    return Everywhere(
        alerts=_each_once(looks),
        up_seconds=min(one.up_seconds for one in looks),
        watchdog_age_seconds=min(
            (one.watchdog_age_seconds for one in looks if one.watchdog_age_seconds is not None), default=None
        ),
        is_whole=failure is None,
    )


def suppressed_by_any(servers: Sequence[Alertmanager], ca_file: Path | None) -> list[dict[str, Any]] | None:
    """Return what any of them holds back; none when none answers.

    Those of a cluster know the same silences, so one that is away hides nothing.
    """
    held: dict[str, dict[str, Any]] = {}
    has_answer = False
    for server in servers:
        try:
            found = suppressed(server, ca_file)
        except AlertmanagerError as error:
            log.warning("mutes_unknown", url=server.url, reason=str(error))
            continue
        has_answer = True
        held |= {one["fingerprint"]: one for one in found if one["fingerprint"] not in held}
    return list(held.values()) if has_answer else None


def _each_once(looks: Sequence[Look]) -> list[dict[str, Any]]:
    """Return each alert once; one that is active anywhere is active."""
    found: dict[str, dict[str, Any]] = {}
    for alert in (alert for one in looks for alert in one.alerts):
        name = str(alert.get("fingerprint") or alert.get("labels"))
        if name not in found or (_is_active(alert) and not _is_active(found[name])):
            found[name] = alert
    return list(found.values())


def _is_active(alert: dict[str, Any]) -> bool:
    status = alert.get("status")
    return isinstance(status, dict) and status.get("state") == "active"
