"""Many reports as one request, and the answer to each of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from automation.fit import forms
from automation.ledger.reports import DECISIONS, RUNS, Report
from contract import limits

BULK = "/api/v1/reports"
KINDS = {DECISIONS: "decision", RUNS: "run"}
FRAME = '{{"reports":[{}]}}'


@dataclass(frozen=True)
class Batch:
    """Reports in their order, and the body that carries them; none: it is one that has to go alone."""

    reports: Sequence[Report]
    body: str | None


class Answer(BaseModel):
    """What the app says to one report."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: int = Field(ge=100, le=599)
    detail: str = ""
    errors: tuple[dict[str, str], ...] = ()


class _Answers(BaseModel):
    answers: tuple[Answer, ...] = Field(min_length=1)


def pack(waiting: Sequence[Report], most: int) -> Batch:
    """Put the first of the reports that wait into one request: at most so many, and as many as it may carry.

    One goes alone that is too large to be among others, or that could not be settled before.
    """
    items: list[str] = []
    size = len(FRAME)
    for report in waiting[:most]:
        item = f'{{"kind":"{KINDS[report.path]}","report":{next(forms(json.loads(report.body)), "null")}}}'
        size += len(item.encode()) + 1
        if size > limits.BODY_BYTES or report.tries:
            break
        items.append(item)
    if not items:
        return Batch(waiting[:1], None)
    return Batch(waiting[: len(items)], FRAME.format(",".join(items)))


def answers(text: str | bytes) -> Sequence[Answer]:
    """Return the answers to the first reports of a batch; none when it is something else than answers."""
    try:
        return _Answers.model_validate_json(text).answers
    except ValidationError:
        return ()
