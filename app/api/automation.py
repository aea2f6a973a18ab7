"""What people ask of the automation, and what it decided and did."""

from typing import Annotated

from pydantic import Field

from app.api.operations import operation
from app.api.schemas.automation import DecisionOut, DecisionQuery, RunInFull, RunOut, RunQuery
from app.api.schemas.base import Input, ListOf
from app.automation import instructions, queries
from app.records.accounts import Scope
from contract.instructions import Instructions

LONGEST_WAIT_S = 20


class InstructionsQuery(Input):
    """Which version is known, and how long to wait for the next."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1, description="The version that is known.")] = 0
    wait: Annotated[float, Field(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for a newer one.")] = 0


@operation(
    "GET",
    "/automation/instructions",
    scope=Scope.AUTOMATION,
    query=InstructionsQuery,
    answers=Instructions,
)
def get_instructions(*, query: InstructionsQuery) -> Instructions:
    """Tell what people ask: the pause, answers to questions of the last day, and maintenance windows.

    Answered at once when the version is greater than `after`, or when two others wait already; else after
    `wait` seconds.
    """
    return instructions.wait_for(query.after, query.wait)


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
