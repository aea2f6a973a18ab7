"""`coverage`: which alert rules have a remedy, and which remedies wait for an alert that no rule has."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from pydantic import BaseModel, Field, ValidationError
from urllib3.exceptions import HTTPError

from automation.cli.follow import load_checked_policy
from automation.cli.table import show
from automation.config import load_settings
from automation.errors import ConfigurationError
from automation.policy.schemas import Policy, Remedy
from contract.sessions import session

MOST_BYTES = 8 << 20
"""Of a file or an answer with rules; kube-prometheus' own are 0.2 MiB."""
MOST_RULES = 50_000
"""Of one document: a small file can name the same rules many times."""
TIMEOUT = (3.0, 20.0)
PATH = "/api/v1/rules"


class Rule(BaseModel):
    """One alert rule, as Prometheus answers (`name`) or as a rule file has it (`alert`)."""

    alert: str = ""
    name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)

    @property
    def alertname(self) -> str:
        """The name of its alerts; empty for a recording rule."""
        return self.alert or self.name


class Group(BaseModel):
    """A group of rules."""

    rules: list[Rule] = Field(default_factory=list)


class Rules(BaseModel):
    """What a rule file, a PrometheusRule or Prometheus' answer holds."""

    groups: list[Group]


@dataclass(frozen=True)
class Row:
    """What the policy has for one alert."""

    alert: str
    state: str
    """A mode of the policy, `no remedy`, `never matches` or `no such rule`."""
    detail: str = ""


def coverage(arguments: argparse.Namespace) -> int:
    """Print what the policy has for each alert rule of Prometheus."""
    settings = load_settings()
    policy = load_checked_policy(settings)
    rules = read_rules(arguments.rules, settings.ca_file)
    rows = list(compare(policy, rules))
    counts = Counter(row.state for row in rows)
    summary = ", ".join(f"{state}: {count}" for state, count in counts.most_common())
    sys.stdout.write(show(("alert", "state", "remedy"), [(row.alert, row.state, row.detail) for row in rows]))
    sys.stdout.write(f"\n{len({rule.alertname for rule in rules})} alerts. {summary}\n")
    return 0


def compare(policy: Policy, rules: list[Rule]) -> Iterator[Row]:
    """Yield a row for each alert, those with a remedy first, then one for each remedy without a rule."""
    by_alert: dict[str, list[Rule]] = {}
    for rule in rules:
        by_alert.setdefault(rule.alertname, []).append(rule)
    found = [_row(alert, policy.by_alert.get(alert, []), by_alert[alert]) for alert in sorted(by_alert)]
    yield from sorted(found, key=lambda row: (row.state == "no remedy", row.state == "never matches"))
    for remedy in policy.remedies:
        if remedy.alert not in by_alert:
            yield Row(remedy.alert, "no such rule", remedy.label)


def read_rules(place: str, ca_file: Path | None) -> list[Rule]:
    """Read the alert rules of a Prometheus (an address), or of a file of rules (`-`: standard input).

    Raises ConfigurationError.
    """
    try:
        if place.startswith(("http://", "https://")):
            documents = [json.loads(_asked(place, ca_file))]
        else:
            documents = list(yaml.safe_load_all(_written(place)))
        found = list(_valid(documents))
    except (yaml.YAMLError, ValueError, RecursionError):
        found = []
    rules = [rule for one in found for group in one.groups for rule in group.rules if rule.alertname]
    if not rules:
        raise ConfigurationError(
            f"{place}: holds no alert rules: give Prometheus' address, a rule file or a PrometheusRule"
        )
    return rules


def _valid(documents: list[Any]) -> Iterator[Rules]:
    """Yield the documents that hold groups of rules; a file may have others beside them."""
    for document in map(_with_groups, documents):
        groups = document.get("groups") if isinstance(document, dict) else None
        if not isinstance(groups, list):
            continue
        lists = [group["rules"] for group in groups if isinstance(group, dict) and "rules" in group]
        with suppress(ValidationError, TypeError):
            if sum(map(len, lists)) <= MOST_RULES:
                yield Rules.model_validate(document)


def _asked(address: str, ca_file: Path | None) -> bytes:
    try:
        with session(ca_file).get(
            address.rstrip("/") + PATH, params={"type": "alert"}, timeout=TIMEOUT, stream=True
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise ConfigurationError(f"{address}: answers {answer.status_code} for {PATH}")
            return _bounded(address, answer.raw.read(MOST_BYTES + 1, decode_content=True))
    except (requests.RequestException, HTTPError) as error:
        raise ConfigurationError(f"{address}: no answer ({type(error).__name__})") from None


def _written(place: str) -> bytes:
    try:
        with open(0 if place == "-" else place, "rb", closefd=place != "-") as file:
            return _bounded(place, file.read(MOST_BYTES + 1))
    except OSError as error:
        raise ConfigurationError(f"{place}: cannot be read: {error.strerror}") from None


def _bounded(place: str, text: bytes) -> bytes:
    if len(text) > MOST_BYTES:
        raise ConfigurationError(f"{place}: holds more than {MOST_BYTES >> 20} MiB of rules")
    return text


def _with_groups(document: Any) -> Any:
    """Return the part of a document that has the groups: `data` of an answer, `spec` of a PrometheusRule."""
    parts = [document.get(name) for name in ("data", "spec")] if isinstance(document, Mapping) else []
    return next((part for part in parts if isinstance(part, Mapping) and "groups" in part), document)


def _row(alert: str, remedies: list[Remedy], rules: list[Rule]) -> Row:
    for remedy in remedies:
        if any(not _conflict(remedy, rule) for rule in rules):
            return Row(alert, remedy.mode.value, remedy.label)
    if remedies:
        return Row(alert, "never matches", f"{remedies[0].label}: {_conflict(remedies[0], rules[0])}")
    return Row(alert, "no remedy")


def _conflict(remedy: Remedy, rule: Rule) -> str | None:
    """Say which matcher a label of the rule itself can never meet; other labels come with the alert."""
    for matcher in remedy.match:
        value = rule.labels.get(matcher.name)
        if value is not None and "{{" not in value and not matcher.holds(rule.labels):
            return f'wants {matcher}, the rule sets {matcher.name}="{value}"'
    return None
