"""`explain`: what would happen to an alert, and why."""

import argparse
import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from automation.cli.follow import load_checked_policy
from automation.cli.table import show
from automation.clock import SystemClock
from automation.config import load_settings
from automation.errors import ConfigurationError
from automation.follow import on_kubernetes
from automation.follow.engine import Engine
from automation.follow.outside import Outside
from automation.follow.state import paused_by
from automation.ledger.database import copy_ledger, load_anchor
from automation.ledger.episodes import Episode
from automation.logs import configure_logging
from automation.policy.folder import Folder
from automation.policy.match import find_remedy
from automation.policy.schemas import Policy, Remedy
from automation.records import Decision
from automation.verify import hold_of, within_of
from contract.moments import rfc3339


def explain(arguments: argparse.Namespace) -> int:
    """Decide about an alert as if it fired now, on a copy of the ledger, and say why."""
    settings = load_settings()
    configure_logging("error")
    policy = load_checked_policy(settings)
    with closing(copy_ledger(settings.state_dir)) as ledger:
        clock = SystemClock(load_anchor(ledger))
        outside = on_kubernetes.outside(settings)
        digest = Folder(settings).digest
        engine = Engine(policy, ledger, clock, lambda: paused_by(settings.state_dir), digest, outside=outside)
        for alert in read_alerts(arguments.alert):
            episode = _with_owner(_episode(alert, clock), policy, outside)
            rows = [(remedy.label, why_not(remedy, episode.labels) or "fits") for remedy in policy.remedies]
            sys.stdout.write(show(("remedy", f"alert {episode.alertname or 'without a name'}"), rows) + "\n")
            decision = engine.explain(episode, is_known="fingerprint" in alert)
            facts = _facts(decision, engine.remedy(decision.remedy), episode)
            sys.stdout.write(show(("outcome", ""), facts))
    return 0


def read_alerts(path: str) -> list[dict[str, Any]]:
    """Read an alert, an event of the journal or a message of Alertmanager from a file (`-`: stdin).

    Raises ConfigurationError.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        data = json.loads(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"{path}: is not JSON") from None
    alerts = data.get("alerts", [data]) if isinstance(data, dict) else data
    if not isinstance(alerts, list) or not all(_is_alert(alert) for alert in alerts):
        raise ConfigurationError(f"{path}: an alert is an object with labels")
    return alerts


def why_not(remedy: Remedy, labels: dict[str, str]) -> str | None:
    """Say why a remedy does not fit an alert, or nothing when it does."""
    if labels.get("alertname") != remedy.alert:
        return f"is for the alert {remedy.alert}"
    for matcher in remedy.match:
        if not matcher.holds(labels):
            return f"wants {matcher}"
    return None


def _facts(decision: Decision, remedy: Remedy | None, episode: Episode) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = [
        ("decision", decision.kind.value),
        ("reason", decision.reason.value if decision.reason else None),
        ("detail", decision.detail),
        ("remedy", decision.remedy),
        ("playbook", decision.playbook),
        ("target", decision.target),
        ("found by", episode.owner.path if episode.owner else None),
        ("a person is told", "yes" if decision.escalate else "no"),
    ]
    if remedy:
        within, hold = within_of(remedy, episode.annotations), hold_of(remedy, episode.annotations)
        facts.append(("verified when", f"resolved within {within:g} s and away for {hold:g} s"))
    return facts


def _with_owner(episode: Episode, policy: Policy, outside: Outside) -> Episode:
    remedy = find_remedy(policy, episode.labels)
    return replace(episode, owner=outside.owner(remedy, episode)) if remedy else episode


def _is_alert(alert: object) -> bool:
    return isinstance(alert, dict) and isinstance(alert.get("labels"), dict)


def _texts(alert: dict[str, Any], key: str) -> dict[str, str]:
    values = alert.get(key) or {}
    return {str(name): str(value) for name, value in values.items()}


def _episode(alert: dict[str, Any], clock: SystemClock) -> Episode:
    labels = _texts(alert, "labels")
    return Episode(
        id=str(alert.get("episode", "explained")),
        fingerprint=str(alert.get("fingerprint", "explained")),
        alertname=labels.get("alertname", ""),
        labels=labels,
        annotations=_texts(alert, "annotations"),
        is_firing=alert.get("status", "firing") == "firing",
        event_id="explained",
        opened_seq=0,
        last_seq=0,
        opened_at=rfc3339(clock.wall()),
        opened_steady=clock.steady(),
        resolved_at=None,
        resolved_steady=None,
        returns=0,
    )
