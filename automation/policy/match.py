"""Applying the policy to an alert: which remedy fits, on which target, with which values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from automation.policy.schemas import DAYS, Maintenance, Policy, Remedy
from automation.policy.targets import OwnerLabel, OwnerOf
from automation.policy.values import FromLabel, is_name
from contract.matchers import fits


@dataclass(frozen=True)
class Target:
    """One workload."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Write it as people read it: `Deployment shop/api`."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def key(self) -> str:
        """What locks, cooldowns and budgets know it by."""
        return f"{self.namespace}/{self.kind}/{self.name}"

    def as_json(self) -> dict[str, str]:
        """Return the target as reports carry it."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


ARROW = " → "
"""Between the steps of the way from an object to its owner."""


@dataclass(frozen=True)
class NamedObject:
    """The object that an alert names, and whose owner is looked for."""

    label: OwnerLabel
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """The beginning of the way from it to its owner."""
        return f"{self.label.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Owner:
    """What was found behind an object: a workload, or the reason why none."""

    target: Target | None
    path: str
    """The way from the object to its owner, in words."""
    problem: str | None = None
    uid: str | None = None
    """What tells the workload from another of its name; none where the way does not say."""

    @property
    def named(self) -> str:
        """The object that the way begins at."""
        return self.path.partition(ARROW)[0]


class InvalidTargetError(Exception):
    """An alert leads to no target that the policy allows; the text is the reason."""


class UnknownOwnerError(InvalidTargetError):
    """Nobody has said yet which workload owns what the alert names; the text says what that is."""


def find_remedy(policy: Policy, labels: Mapping[str, str]) -> Remedy | None:
    """Return the first remedy that names the alert and whose matchers all hold."""
    named = policy.by_alert.get(labels.get("alertname", ""), [])
    return next((remedy for remedy in named if fits(remedy.match, labels)), None)


def find_target(remedy: Remedy, labels: Mapping[str, str], owner: Owner | None) -> Target:
    """Return the remedy's target for an alert. Raises InvalidTargetError, UnknownOwnerError."""
    target = remedy.target
    if isinstance(target, OwnerOf):
        return _owned(target, named_object(target, labels), owner)
    return Target(target.kind, str(_value(target.namespace, labels)), str(_value(target.name, labels)))


def named_object(target: OwnerOf, labels: Mapping[str, str]) -> NamedObject:
    """Return the object that an alert names. Raises InvalidTargetError."""
    namespace, name = (_name(labels, label) for label in ("namespace", target.owner_of))
    if namespace not in target.namespaces:
        raise InvalidTargetError("the policy does not allow the namespace that the label namespace gives")
    return NamedObject(target.owner_of, namespace, name)


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


def _owned(wanted: OwnerOf, named: NamedObject, owner: Owner | None) -> Target:
    if owner is None or owner.named != named.path:
        raise UnknownOwnerError(named.path)
    if owner.target is None:
        raise InvalidTargetError(owner.problem)
    found = owner.target
    if found.kind not in wanted.kinds or found.namespace not in wanted.namespaces:
        raise InvalidTargetError(f"the policy allows no {found.kind} for {owner.path}")
    if wanted.workloads is not None and found.name not in wanted.workloads:
        raise InvalidTargetError(f"the policy does not name {found.name} in workloads ({owner.path})")
    return found


def _name(labels: Mapping[str, str], label: str) -> str:
    """Return the object name that a label gives. Raises InvalidTargetError."""
    given = labels.get(label)
    if given is None:
        raise InvalidTargetError(f"the alert has no label {label}")
    if not is_name(given):
        raise InvalidTargetError(f"the label {label} is not an object name")
    return given


def _value(value: int | str | FromLabel, labels: Mapping[str, str]) -> int | str:
    if not isinstance(value, FromLabel):
        return value
    given = _name(labels, value.label)
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
