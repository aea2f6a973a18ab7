"""The automation's reports: idempotent, so that it can repeat them until they are answered."""

from http import HTTPStatus

from app.accounts.models import Scope
from app.api.operations import operation
from app.api.schemas.base import Accepted
from app.clock import now
from app.remediation import service
from app.remediation.schemas import DecisionReport, HeartbeatAnswer, HeartbeatReport, RunReport

KNOWN_OR_NEW = (HTTPStatus.OK, HTTPStatus.CREATED)


@operation(
    "POST",
    "/decisions",
    scope=Scope.AUTOMATION,
    body=DecisionReport,
    answers=Accepted,
    statuses=KNOWN_OR_NEW,
)
def report_decision(*, body: DecisionReport) -> tuple[Accepted, HTTPStatus]:
    """Report a decision; 201 when it is new, 200 when it was known."""
    return Accepted(id=body.id), _status(is_new=service.take_decision(body))


@operation("POST", "/runs", scope=Scope.AUTOMATION, body=RunReport, answers=Accepted, statuses=KNOWN_OR_NEW)
def report_run(*, body: RunReport) -> tuple[Accepted, HTTPStatus]:
    """Report a run as it stands; the highest version is kept. 201 when it is new, 200 when it was known."""
    return Accepted(id=body.id), _status(is_new=service.take_run(body))


@operation(
    "POST", "/automation/heartbeat", scope=Scope.AUTOMATION, body=HeartbeatReport, answers=HeartbeatAnswer
)
def report_heartbeat(*, body: HeartbeatReport) -> HeartbeatAnswer:
    """Tell that the automation lives, and hear whether people have paused it."""
    return HeartbeatAnswer(paused=service.take_heartbeat(body), server_time=now())


def _status(*, is_new: bool) -> HTTPStatus:
    return HTTPStatus.CREATED if is_new else HTTPStatus.OK
