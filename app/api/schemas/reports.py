"""Many reports in one request, and the answer to each."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.schemas.base import FieldProblem, Input
from contract import limits


class ReportKind(StrEnum):
    """What is reported."""

    DECISION = "decision"
    RUN = "run"


class AnyReport(Input):
    """One report, which is checked on its own."""

    kind: ReportKind
    report: Annotated[dict[str, Any], Field(description="A body of `POST /decisions` or of `POST /runs`.")]


class Reports(Input):
    """Reports in the order in which they take effect."""

    reports: Annotated[list[AnyReport], Field(min_length=1, max_length=limits.REPORTS)]


class ReportAnswer(BaseModel):
    """What became of one report."""

    status: Annotated[
        int,
        Field(
            description="201 new, 200 known, 422 refused, 500 or 503 not taken now: as if it were sent alone."
        ),
    ]
    detail: str = ""
    errors: list[FieldProblem] = Field(default_factory=list)


class ReportAnswers(BaseModel):
    """The answers to the first reports, in their order; the rest was not looked at: send it again."""

    answers: Annotated[list[ReportAnswer], Field(min_length=1, max_length=limits.REPORTS)]
