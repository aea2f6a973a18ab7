"""Beside the incident: a small picture of the alert's expression, and the silences that hold its alert."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import re2

from app.alerts import sources
from app.clock import now
from app.config import Settings
from app.records.incidents import Incident
from contract import limits

BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=10)
LONGEST = timedelta(hours=12)
POINTS = 120
MAX_EXPRESSION = limits.URL
MOST_LINES = 5
MOST_SILENCES = 10
MOST = 1e300
"""Larger values, and infinite ones, cannot be drawn."""

_COMPARISON = re2.compile(r"(?s)^(?P<left>.+?)\s*(?:>=|<=|>|<)\s*(?P<limit>-?[0-9.]+(?:e-?[0-9]+)?)\s*$")
_SET_OPERATOR = re.compile(r"\b(?:and|or|unless|bool)\b")


@dataclass(frozen=True)
class Series:
    """What an expression was over a stretch of time. Each line is pairs of (seconds, value)."""

    expression: str
    starts_at: datetime
    ends_at: datetime
    lines: Sequence[Sequence[tuple[float, float]]]
    limit: float | None


@dataclass(frozen=True)
class Silence:
    """A silence in Alertmanager, in its words."""

    comment: str
    by: str
    ends_at: datetime


def series(incident: Incident, prometheus_url: str) -> Series | None:
    """Return the course of the alert's expression around the incident, or nothing where there is none.

    The expression is that of the rule of this name; only where Prometheus has none, that of the alert's link.

    Raises:
        Unreachable: Prometheus gives no answer.

    """
    full = _expression(incident, prometheus_url)
    if not full:
        return None
    expression, limit = _split(full)
    ends_at = min(now(), (incident.resolved_at or now()) + AFTER, incident.opened_at + LONGEST)
    starts_at = incident.opened_at - BEFORE
    step_s = max(1, int((ends_at - starts_at).total_seconds() / POINTS))
    query = {
        "query": expression,
        "start": int(starts_at.timestamp()) // step_s * step_s,
        "end": int(ends_at.timestamp()) // step_s * step_s,
        "step": step_s,
        "timeout": "1s",
    }
    answer = sources.ask(prometheus_url, "/api/v1/query_range", query)
    lines = list(_lines(answer, incident.labels))[:MOST_LINES]
    return Series(full, starts_at, ends_at, lines, limit) if lines else None


def silences(incident: Incident, settings: Settings) -> Sequence[Silence]:
    """Return the active silences that hold the incident's alert.

    Raises:
        Unreachable: Alertmanager gives no answer.

    """
    wanted = f"alertname={json.dumps(incident.alertname or '')}"
    query = {"active": "false", "inhibited": "false", "unprocessed": "false", "filter": wanted}
    servers, ca_file = settings.alertmanagers, settings.ca_file
    alerts = sources.ask_any(servers, "/api/v2/alerts", query, ca_file)
    ids = {
        silence_id
        for alert in _rows(alerts)
        if alert.get("fingerprint") == incident.fingerprint
        for silence_id in _get(alert, "status", "silencedBy") or ()
    }
    if not ids:
        return ()
    rows = _rows(sources.ask_any(servers, "/api/v2/silences", {}, ca_file))
    found = [
        Silence(str(row.get("comment", "")), str(row.get("createdBy", "")), ends_at)
        for row in rows
        if row.get("id") in ids and (ends_at := _moment(row.get("endsAt"))) is not None
    ]
    return found[:MOST_SILENCES]


def _expression(incident: Incident, prometheus_url: str) -> str:
    linked = parse_qs(urlsplit(incident.generator_url or "").query).get("g0.expr", [""])[0][:MAX_EXPRESSION]
    query = {"type": "alert", "rule_name[]": incident.alertname or ""}
    answer = sources.ask(prometheus_url, "/api/v1/rules", query)
    groups = _rows(_get(answer, "data", "groups"))
    rules = [str(rule.get("query", "")) for group in groups for rule in _rows(group.get("rules"))]
    return linked if linked in rules or not rules else rules[0][:MAX_EXPRESSION]


def _split(expression: str) -> tuple[str, float | None]:
    """Take the limit off an alert's condition, so that the course below it is seen too."""
    found = _COMPARISON.match(expression)
    if found is None or _SET_OPERATOR.search(expression):
        return expression, None
    try:
        return found["left"], float(found["limit"])
    except ValueError:
        return expression, None


def _lines(answer: Any, labels: Mapping[str, str]) -> Iterator[Sequence[tuple[float, float]]]:
    """Return the lines that can be drawn; those whose labels the alert has come first."""
    rows = [*_rows(_get(answer, "data", "result"))]
    rows.sort(key=lambda row: any(labels.get(k) != v for k, v in row.get("metric", {}).items()))
    for row in rows:
        points = [(float(at), float(value)) for at, value in row.get("values", ())]
        finite = [(at, value) for at, value in points if abs(value) < MOST]
        if len(finite) > 1:
            yield finite


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _rows(answer: Any) -> Sequence[dict[str, Any]]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else ()


def _get(answer: Any, *path: str) -> Any:
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer
