"""The automation's reports: idempotent, so that it can repeat them until they are answered."""

import json
from http import HTTPStatus

from app.api import bodies
from app.api.operations import operation
from app.api.schemas.base import Accepted
from app.api.schemas.reports import AnyReport, ReportAnswer, ReportAnswers, ReportKind, Reports
from app.automation import bulk, service
from app.clock import now
from app.errors import InvalidInput, OimsError
from app.records.accounts import Scope
from contract.reports import DecisionReport, HeartbeatAnswer, HeartbeatReport, RunReport

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


@operation("POST", "/reports", scope=Scope.AUTOMATION, body=Reports, answers=ReportAnswers)
def report_several(*, body: Reports) -> ReportAnswers:
    """Report decisions and runs in one transaction; each has its own answer, and none spoils another."""
    return ReportAnswers(answers=[_answer(outcome) for outcome in bulk.take(list(map(_read, body.reports)))])


@operation(
    "POST", "/automation/heartbeat", scope=Scope.AUTOMATION, body=HeartbeatReport, answers=HeartbeatAnswer
)
def report_heartbeat(*, body: HeartbeatReport) -> HeartbeatAnswer:
    """Tell that the automation lives, and hear whether people have paused it."""
    return HeartbeatAnswer(paused=service.take_heartbeat(body), server_time=now())


def _status(*, is_new: bool) -> HTTPStatus:
    return HTTPStatus.CREATED if is_new else HTTPStatus.OK


def _read(item: AnyReport) -> bulk.Report | InvalidInput:
    text = json.dumps(item.report)
    try:
        if item.kind is ReportKind.DECISION:
            return bodies.parsed(DecisionReport, text)
        return bodies.parsed(RunReport, text)
    except InvalidInput as error:
        return error


def _answer(outcome: bulk.Outcome) -> ReportAnswer:
    if isinstance(outcome, OimsError):
        return ReportAnswer(status=outcome.status, detail=outcome.detail, errors=outcome.errors)
    return ReportAnswer(status=_status(is_new=outcome))
