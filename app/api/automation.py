"""What people ask of the automation."""

from typing import Annotated

from pydantic import Field

from app.accounts.models import Scope
from app.api.operations import operation
from app.api.schemas.base import Input
from app.remediation import instructions
from app.remediation.schemas import Instructions

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
