"""Numbers, as the API gives them."""

from pydantic import BaseModel

from app.incidents.lifecycle import Severity, State


class IncidentCount(BaseModel):
    """How many incidents have this state and severity."""

    state: State
    severity: Severity
    count: int


class RunCount(BaseModel):
    """How many runs of this remedy ended so."""

    remedy: str
    state: str
    count: int


class VerdictCount(BaseModel):
    """How many runs of this remedy had this verdict."""

    remedy: str
    verdict: str
    count: int


class DecisionCount(BaseModel):
    """How many decisions were taken for this reason."""

    decision: str
    reason: str
    count: int


class Stats(BaseModel):
    """How things stand: what is there, and what the automation has done with what result."""

    incidents: list[IncidentCount]
    runs: list[RunCount]
    verdicts: list[VerdictCount]
    decisions: list[DecisionCount]
    is_automation_paused: bool
