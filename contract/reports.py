"""What the automation reports: decisions, runs, and its signs of life."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from contract import limits
from contract.decisions import DecisionKind
from contract.moments import Moment
from contract.runs import RunState, TaskStatus, Verdict
from contract.text import clean, one_line


def _end(limit: int) -> Callable[[str], str]:
    """Return what keeps the last bytes of a text, and whole characters: its outcome stands at the end."""
    return lambda value: clean(value, len(value)).encode()[-limit:].decode("utf-8", "ignore")


def _sentence(value: str) -> str:
    return clean(value, limits.SENTENCE)


def _name(value: str) -> str:
    return one_line(value, limits.NAME)


def _object_name(value: str) -> str:
    return one_line(value, limits.OBJECT_NAME)


def _small(value: dict[str, Any]) -> dict[str, Any]:
    """Keep out what JSON doesn't have (NaN) and what is not evidence but a dump."""
    if len(json.dumps(value, allow_nan=False)) > limits.OUTPUT_BYTES:
        raise ValueError("must not be longer than 50 KB")
    return value


Key = Annotated[str, Field(min_length=1, max_length=limits.ID, pattern=r"^[!-~]+$")]


def _cleaned(value: Any) -> Any:
    """Clean every text inside a JSON value."""
    if isinstance(value, str):
        return _sentence(value)
    if isinstance(value, dict):
        return {_name(name): _cleaned(item) for name, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


Name = Annotated[str, Field(min_length=1, max_length=limits.NAME), AfterValidator(_name)]
Text = Annotated[str, Field(max_length=limits.NAME), AfterValidator(_name)]
ObjectName = Annotated[str, Field(max_length=limits.OBJECT_NAME), AfterValidator(_object_name)]
Seq = Annotated[int, Field(ge=0, le=2**63 - 1)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Sentence = Annotated[str, AfterValidator(_sentence)]


class _Report(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Target(_Report):
    """What a remedy acts on."""

    kind: Name
    namespace: ObjectName = ""
    name: Annotated[ObjectName, Field(min_length=1)]


class ApprovalRequest(_Report):
    """A run that waits for a person's word."""

    id: Key
    expires_at: AwareDatetime
    preview: Annotated[str, AfterValidator(_end(limits.PREVIEW_BYTES))] = ""
    command: Sentence = ""


class Shadow(_Report):
    """What the automation would have done in shadow mode."""

    would_run_at: AwareDatetime
    verify_within_s: Seconds


class DecisionReport(_Report):
    """A decision of the automation about one episode."""

    id: Key
    episode: Key
    event_id: Key
    seq: Seq
    fingerprint: Annotated[Key, Field(max_length=limits.FINGERPRINT)]
    alertname: Text
    decision: DecisionKind
    reason: Annotated[Key, Field(max_length=limits.WORD)] | None = None
    detail: Sentence
    remedy: Name | None = None
    playbook: Name | None = None
    target: Target | None = None
    attempt: Count | None = None
    decided_at: AwareDatetime
    until: AwareDatetime | None = None
    escalate: bool = False
    approval: ApprovalRequest | None = None
    shadow: Shadow | None = None


class TaskReport(_Report):
    """One task of a playbook."""

    name: Sentence
    host: Text = ""
    number: Count | None = None
    """Its place among all tasks of the run, from 1; the list may be cut."""
    status: TaskStatus
    duration_s: Seconds | None = None
    message: Sentence | None = None


class RunReport(_Report):
    """A run as it stands; each version replaces the one before."""

    id: Key
    version: Annotated[Count, Field(ge=1)]
    episode: Key
    event_id: Key
    seq: Seq
    fingerprint: Annotated[Key, Field(max_length=limits.FINGERPRINT)]
    alertname: Text
    remedy: Name
    playbook: Name
    target: Target
    mode: Literal["auto", "approve"]
    attempt: Count
    state: Literal[
        RunState.QUEUED,
        RunState.RUNNING,
        RunState.SUCCEEDED,
        RunState.FAILED,
        RunState.TIMED_OUT,
        RunState.INTERRUPTED,
    ]
    reason: Annotated[Key, Field(max_length=limits.WORD)] | None = None
    detail: Sentence | None = None
    verification: Verdict | None = None
    queued_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    exit_code: Annotated[int | None, Field(ge=-(2**31), lt=2**31)] = None
    duration_s: Seconds | None = None
    tasks: Annotated[list[TaskReport], Field(max_length=limits.TASKS)] = Field(default_factory=list)
    task_counts: Annotated[dict[TaskStatus, Count], Field(max_length=len(TaskStatus))] = Field(
        default_factory=dict
    )
    tasks_cut: Sentence | None = None
    output_tail: Annotated[str, AfterValidator(_end(limits.OUTPUT_BYTES))] = ""
    verdict_at: AwareDatetime | None = None
    verdict_detail: Sentence | None = None
    evidence: Annotated[dict[str, Any], AfterValidator(_small), AfterValidator(_cleaned)] = Field(
        default_factory=dict
    )


class Remedy(_Report):
    """A remedy as the automation's policy has it."""

    name: Name
    alert: Name
    playbook: Name
    mode: Annotated[Key, Field(max_length=limits.WORD)]
    target: Target | None = None
    target_rule: Sentence | None = None
    """How an alert leads to the target, in words, where the policy names none."""
    steps: list[Name] = Field(default_factory=list)
    """The playbooks that follow one another; empty where there is one."""
    runs_left_hour: Count | None = None


class HeartbeatReport(_Report):
    """The automation's sign of life."""

    instance: Key
    version: Annotated[Key, Field(max_length=limits.VERSION)]
    location: Literal["host", "cluster"]
    paused: bool
    last_seq: Seq
    lag_s: Seconds
    remedies: Annotated[list[Remedy], Field(max_length=limits.REMEDIES)] = Field(default_factory=list)
    runs: Annotated[list[Key], Field(max_length=limits.RUNS)] = Field(default_factory=list)
    """Those that are not over, or whose verdict is open."""
    sent_at: AwareDatetime


class HeartbeatAnswer(_Report):
    """What people ask of the automation."""

    paused: bool
    server_time: Moment
