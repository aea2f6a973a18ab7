"""The shape of `policy.yml`. Every field says in words what it does: the reference is made from here."""

from collections import defaultdict
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import Field, field_validator, model_validator

from automation.policy.targets import NamedOrOwner, NamedWorkload
from automation.policy.values import (
    Closed,
    Duration,
    FromLabel,
    Key,
    Matchers,
    Name,
    Playbook,
    Value,
)

DIAGNOSTICS = "collect_diagnostics.yml"
ROLLBACK = "rollback_oims.yml"
RESERVED = frozenset({"end_by", "run_id", "target_kind", "target_name", "target_namespace"})
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Mode(StrEnum):
    """What a remedy may do."""

    OFF = "off"
    SHADOW = "shadow"
    APPROVE = "approve"
    AUTO = "auto"


class Leftovers(StrEnum):
    """What becomes of processes that a playbook leaves when it ends."""

    END = "end"
    KEEP = "keep"


class Verify(Closed):
    """When a repair counts as proven."""

    within: Duration = Field(
        default=600,
        ge=1,
        description="The alert must resolve within this time, at least the rule's `oims_window` + 30s.",
    )
    hold: Duration | None = Field(
        default=None,
        description="And stay away this long. Unset: 2m, or the rule's `oims_window` + 30s if longer.",
    )


class Flapping(Closed):
    """How many episodes of one alert in a time are too many to repair by machine."""

    episodes: int = Field(default=6, ge=2, description="More episodes than this are flapping.")
    within: Duration = Field(default=1800, ge=1, description="The time in which they are counted.")


class Rules(Closed):
    """What may be set for all remedies (`defaults`) and for each."""

    mode: Mode = Field(
        default=Mode.AUTO,
        description="off: never; shadow: decide and record, run nothing; approve: ask a person; auto: run.",
    )
    approval_expires: Duration = Field(
        default=1800, ge=1, description="Mode approve: how long a person may take to answer."
    )
    diagnostics: bool | Playbook = Field(
        default=False,
        description="On escalation: run collect_diagnostics.yml (true), or this playbook.",
    )
    cooldown: Duration = Field(
        default=300, le=86400, description="Time between two runs on one target; at most 1d."
    )
    max_runs_per_hour: int = Field(default=3, ge=1, description="Runs on one target in any hour.")
    max_runs_per_day: int = Field(default=20, ge=1, description="Runs on one target in any 24 hours.")
    max_attempts: int = Field(
        default=2, ge=1, description="Runs for one episode of an alert; then the incident is escalated."
    )
    timeout: Duration = Field(default=300, ge=1, description="A playbook that takes longer is ended.")
    leftovers: Leftovers = Field(
        default=Leftovers.END,
        description="end: processes that a playbook leaves are ended with it; keep: they go on.",
    )
    max_age: Duration | None = Field(
        default=None, description="Alerts older than this are not acted on. Unset: age is no reason."
    )
    digest: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="If set, the playbooks folder must hold what `python -m automation digest` said of it.",
    )
    verify: Verify = Field(default_factory=Verify, description="When a repair counts as proven.")
    flapping: Flapping = Field(default_factory=Flapping, description="When an alert comes back too often.")

    @field_validator("mode", mode="before")
    @classmethod
    def _mode(cls, value: object) -> object:
        if value is False:  # YAML 1.1 reads a bare `off` as false
            return Mode.OFF
        return value


class Breaker(Closed):
    """When so much burns at once that a person has to decide."""

    targets: int = Field(ge=1, description="More targets than this with new alerts: mode auto asks a person.")
    within: Duration = Field(default=600, ge=1, description="The time in which their alerts began.")


class Limits(Closed):
    """What all remedies together may do."""

    concurrent_runs: int = Field(default=2, ge=1, description="Runs at one time.")
    runs_per_hour: int = Field(default=20, ge=1, description="Runs in any hour.")
    targets_per_hour: int = Field(default=5, ge=1, description="Different targets in any hour.")
    breaker: Breaker | None = Field(
        default=None, description="Ask a person while alerts of many targets begin at once. Unset: never."
    )


class Maintenance(Closed):
    """A time in which nothing is run: once (`start`, `end`) or each week (`days`, `start`, `end`)."""

    name: str = Field(min_length=1, description="Shown in the reason.")
    alerts: tuple[str, ...] = Field(default=(), description="Only these alerts; empty: all.")
    match: Matchers = Field(
        default=(),
        description="Only alerts with these labels: matchers, or each label and its value or values.",
    )
    days: tuple[str, ...] = Field(default=(), description="mon ... sun, in UTC; empty: one-off.")
    start: datetime | str = Field(description="RFC 3339 time, or HH:MM (UTC) with `days`.")
    end: datetime | str = Field(description="RFC 3339 time, or HH:MM (UTC) with `days`; may be next morning.")

    @model_validator(mode="before")
    @classmethod
    def _times(cls, data: Any) -> Any:
        return _read_times(data) if isinstance(data, dict) else data


class Remedy(Rules):
    """One alert, one playbook, one target."""

    alert: str = Field(min_length=1, description="The exact alertname.")
    name: Name | None = Field(
        default=None, description="Name in reports; default: playbook and alert. Must be unique."
    )
    match: Matchers = Field(
        default=(), description="Further labels: matchers, or each label and its value or values."
    )
    playbook: Playbook = Field(description="A file of the playbooks folder, never a path. Or `steps`.")
    steps: tuple[Playbook, ...] = Field(
        default=(),
        max_length=9,
        description="In the place of `playbook`: playbooks of which each is run only when the one before did "
        "not help, as one attempt each.",
    )
    approve_from: int | None = Field(
        default=None, ge=2, description="With `steps`, mode auto: from this step on a person is asked."
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="Deprecated, use `digest`: SHA-256 of the playbook alone; the rest of the folder "
        "must be as it was at the start.",
    )
    target: NamedOrOwner = Field(
        description="The workload to repair: kind, namespace and name, or the owner of what the alert names."
    )
    with_: dict[Key, Value] = Field(
        default_factory=dict, alias="with", description="Values for the playbook, as oims_<key>."
    )

    @field_validator("with_", mode="before")
    @classmethod
    def _not_ours(cls, values: object) -> object:
        """Refuse what would take the target's place: it would be neither locked nor counted."""
        taken = sorted(RESERVED & values.keys()) if isinstance(values, dict) else []
        if taken:
            raise ValueError(f"may not have {', '.join(taken)}: automation gives that itself")
        return values

    @model_validator(mode="before")
    @classmethod
    def _first_step(cls, data: Any) -> Any:
        """Begin with the first step where there are steps."""
        if not isinstance(data, dict) or not isinstance(steps := data.get("steps"), list) or not steps:
            return data
        if "playbook" in data:
            raise ValueError("has playbook and steps: keep one of them")
        return {**data, "playbook": steps[0]}

    @model_validator(mode="after")
    def _enough_attempts(self) -> "Remedy":
        if self.approve_from is not None and self.approve_from > len(self.steps):
            raise ValueError(f"has {len(self.steps)} steps and approve_from is {self.approve_from}")
        if len(self.steps) > self.max_attempts:
            few = f"max_attempts is {self.max_attempts}"
            raise ValueError(f"has {len(self.steps)} steps and {few}: each step is an attempt")
        return self

    @property
    def label(self) -> str:
        """The remedy's name in reports."""
        return self.name or f"{self.playbooks[0].rsplit('.', 1)[0]}/{self.alert}"

    @property
    def playbooks(self) -> tuple[str, ...]:
        """All playbooks that it may run to repair something."""
        return self.steps or (self.playbook,)

    def at_step(self, number: int) -> "Remedy":
        """Return the remedy as it is at a step, counted from 1; after the last, the last."""
        if not self.steps:
            return self
        found = self.model_copy(update={"playbook": self.steps[min(number, len(self.steps)) - 1]})
        is_asked = self.approve_from is not None and number >= self.approve_from
        return found.asking() if is_asked else found

    def asking(self) -> "Remedy":
        """Return the remedy as one that asks a person where it would have run alone."""
        return self.model_copy(update={"mode": Mode.APPROVE}) if self.mode is Mode.AUTO else self

    @property
    def diagnostics_playbook(self) -> str | None:
        """The playbook that looks at the target when a person is told."""
        return DIAGNOSTICS if self.diagnostics is True else self.diagnostics or None

    @property
    def named_labels(self) -> list[FromLabel]:
        """Every value that a label gives."""
        named = self.target if isinstance(self.target, NamedWorkload) else None
        values = [*([named.namespace, named.name] if named else []), *self.with_.values()]
        return [value for value in values if isinstance(value, FromLabel)]


class Policy(Closed):
    """The whole file. An alert that no remedy names is never acted on."""

    defaults: Rules = Field(default_factory=Rules, description="For remedies that do not say otherwise.")
    limits: Limits = Field(default_factory=Limits, description="For all remedies together.")
    maintenance: tuple[Maintenance, ...] = Field(default=(), description="Times in which nothing is run.")
    remedies: tuple[Remedy, ...] = Field(description="The first that fits an alert is used.")

    @cached_property
    def by_alert(self) -> dict[str, list[Remedy]]:
        """The remedies of each alert's name, in their order."""
        found = defaultdict[str, list[Remedy]](list)
        for remedy in self.remedies:
            found[remedy.alert].append(remedy)
        return dict(found)

    @cached_property
    def by_label(self) -> dict[str, Remedy]:
        """Each remedy by its name; of two with the same one, the first."""
        return {remedy.label: remedy for remedy in reversed(self.remedies)}


def _read_times(data: dict[str, Any]) -> dict[str, Any]:
    """Check a window's times. Raises ValueError with the reason."""
    days, start, end = data.get("days") or (), data.get("start"), data.get("end")
    if start is None or end is None:
        return data  # the missing field is reported by its own name
    if any(day not in DAYS for day in days):
        raise ValueError(f"days must be of {', '.join(DAYS)}")
    if days:
        for value in (start, end):
            if not isinstance(value, str) or not _is_time_of_day(value):
                raise ValueError('with days, start and end are times of day in quotes, such as "22:00"')
        if start == end:
            raise ValueError("start and end are the same")
        return data
    moments = [_moment(value) for value in (start, end)]
    if moments[0] >= moments[1]:
        raise ValueError("end must be after start")
    return {**data, "start": moments[0], "end": moments[1]}


def _is_time_of_day(text: str) -> bool:
    hours, _, minutes = text.partition(":")
    both = len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal()  # noqa: PLR2004 - HH and MM
    return both and int(hours) < 24 and int(minutes) < 60  # noqa: PLR2004 - hours and minutes of a day


def _moment(value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("without days, start and end are RFC 3339 times in quotes with a zone")
    return moment
