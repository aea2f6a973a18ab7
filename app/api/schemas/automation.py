"""Decisions and runs, as the API gives them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.api.schemas.base import Id, Page, Time, Word
from contract.decisions import DecisionKind
from contract.runs import RunState, Verdict


class DecisionQuery(Page):
    """Which decisions."""

    incident: Id | None = None
    episode: Word = ""
    decision: DecisionKind | None = None
    reason: Word = ""


class _Told(BaseModel):
    """What decisions and runs have in common."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    incident: Annotated[int | None, Field(validation_alias="incident_id")]
    episode: str
    event_id: str
    seq: int
    fingerprint: str
    alertname: str


class DecisionOut(_Told):
    """Why the automation ran, waited or declined."""

    decision: str
    reason: str | None
    detail: str
    remedy: str | None
    playbook: str | None
    target: dict[str, Any] | None
    attempt: int | None
    decided_at: Time
    until: Time | None
    escalate: bool


class RunQuery(Page):
    """Which runs."""

    incident: Id | None = None
    episode: Word = ""
    remedy: Word = ""
    state: RunState | None = None
    verification: Verdict | None = None


class RunOut(_Told):
    """A playbook run; one by itself also has its tasks, output and evidence."""

    version: int
    remedy: str
    playbook: str
    target: dict[str, Any]
    mode: str
    attempt: int
    state: RunState
    reason: str | None
    detail: str | None
    verification: Verdict | None
    queued_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    exit_code: int | None
    duration_s: float | None
    verdict_at: Time | None
    verdict_detail: str | None


class RunInFull(RunOut):
    """A playbook run with its tasks, the end of its output, and what the verdict rests on."""

    tasks: list[dict[str, Any]]
    task_counts: dict[str, int] | None
    tasks_cut: str | None
    output_tail: str
    evidence: dict[str, Any]
