"""Applying the policy to an alert: which remedy fits, on which target, with which values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from automation.policy.schemas import DAYS, Maintenance, Policy, Remedy
from automation.policy.values import FromLabel, is_name
from contract.matchers import fits


@dataclass(frozen=True)
class Target:
    """One workload; the key of locks, cooldowns and budgets."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"

    def as_json(self) -> dict[str, str]:
        """Return the target as reports carry it."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


class InvalidTargetError(Exception):
    """A label gives a value that the policy does not allow; the text is the reason."""


def find_remedy(policy: Policy, labels: Mapping[str, str]) -> Remedy | None:
    """Return the first remedy that names the alert and whose matchers all hold."""
    named = policy.by_alert.get(labels.get("alertname", ""), [])
    return next((remedy for remedy in named if fits(remedy.match, labels)), None)


def find_target(remedy: Remedy, labels: Mapping[str, str]) -> Target:
    """Return the remedy's target for an alert. Raises InvalidTargetError."""
    target = remedy.target
    return Target(target.kind, str(_value(target.namespace, labels)), str(_value(target.name, labels)))


def find_values(remedy: Remedy, labels: Mapping[str, str]) -> dict[str, int | str]:
    """Return the remedy's `with` values for an alert. Raises InvalidTargetError."""
    return {key: _value(value, labels) for key, value in remedy.with_.items()}


def find_maintenance(
    policy: Policy, labels: Mapping[str, str], now: datetime
) -> tuple[Maintenance, datetime] | None:
    """Return the maintenance window an alert is in and when it ends, or nothing."""
    for window in policy.maintenance:
        if window.alerts and labels.get("alertname") not in window.alerts:
            continue
        if not fits(window.match, labels):
            continue
        end = _end_of(window, now)
        if end:
            return window, end
    return None


def _value(value: int | str | FromLabel, labels: Mapping[str, str]) -> int | str:
    if not isinstance(value, FromLabel):
        return value
    given = labels.get(value.label)
    if given is None:
        raise InvalidTargetError(f"the alert has no label {value.label}")
    if not is_name(given):
        raise InvalidTargetError(f"the label {value.label} is not an object name")
    if given not in value.allow:
        raise InvalidTargetError(f"the policy does not allow the value that the label {value.label} gives")
    return given


def _end_of(window: Maintenance, now: datetime) -> datetime | None:
    if isinstance(window.start, datetime) and isinstance(window.end, datetime):
        return window.end if window.start <= now < window.end else None
    start, end = time.fromisoformat(str(window.start)), time.fromisoformat(str(window.end))
    today = now.astimezone(UTC).date()
    for day in (today - timedelta(days=1), today):  # a window may have begun yesterday evening
        begins = datetime.combine(day, start, UTC)
        ends = datetime.combine(day if end > start else day + timedelta(days=1), end, UTC)
        if DAYS[day.weekday()] in window.days and begins <= now < ends:
            return ends
    return None
