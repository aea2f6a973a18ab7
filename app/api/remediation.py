"""What was taken from the journal, and what the automation decided and did about it."""

from app.accounts.models import Scope
from app.alerts import queries as alerts
from app.api.operations import operation
from app.api.schemas.base import ListOf
from app.api.schemas.remediation import (
    AlertOut,
    AlertQuery,
    DecisionOut,
    DecisionQuery,
    RunInFull,
    RunOut,
    RunQuery,
)
from app.remediation import queries


@operation("GET", "/alerts", scope=Scope.READ, query=AlertQuery, answers=ListOf[AlertOut])
def list_alerts(*, query: AlertQuery) -> ListOf[AlertOut]:
    """List the journal's events that took effect, newest first."""
    page = alerts.page(
        incident_id=query.incident,
        fingerprint=query.fingerprint,
        episode=query.episode,
        status=query.status,
        after=query.cursor,
        limit=query.limit,
    )
    return ListOf[AlertOut](items=[AlertOut.model_validate(row) for row in page.items], next=page.next)


@operation("GET", "/decisions", scope=Scope.READ, query=DecisionQuery, answers=ListOf[DecisionOut])
def list_decisions(*, query: DecisionQuery) -> ListOf[DecisionOut]:
    """List the automation's decisions; those about the newest events first."""
    page = queries.decisions_page(
        incident_id=query.incident,
        episode=query.episode,
        decision=query.decision,
        reason=query.reason,
        after=query.cursor,
        limit=query.limit,
    )
    return ListOf[DecisionOut](items=[DecisionOut.model_validate(row) for row in page.items], next=page.next)


@operation("GET", "/runs", scope=Scope.READ, query=RunQuery, answers=ListOf[RunOut])
def list_runs(*, query: RunQuery) -> ListOf[RunOut]:
    """List the automation's runs; those about the newest events first."""
    page = queries.runs_page(
        incident_id=query.incident,
        episode=query.episode,
        remedy=query.remedy,
        state=query.state,
        verification=query.verification,
        after=query.cursor,
        limit=query.limit,
    )
    return ListOf[RunOut](items=[RunOut.model_validate(row) for row in page.items], next=page.next)


@operation("GET", "/runs/<run_id>", scope=Scope.READ, answers=RunInFull)
def get_run(*, run_id: str) -> RunInFull:
    """Show one run with its tasks, output and evidence."""
    return RunInFull.model_validate(queries.run(run_id))
