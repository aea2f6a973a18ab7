"""Who would be paged about an alert, when and why: what the routes and the chain say, without doing it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import in_words
from app.errors import InvalidInput
from app.escalations import people, routing
from app.escalations.machine import NO_PART
from app.escalations.plan import Plan
from app.escalations.routing import Choice
from app.escalations.steps import Notify, Wait, next_step
from app.formats import exact
from app.records.escalations import Escalation, EscalationState
from app.records.incidents import Incident, Source
from app.records.lifecycle import State
from app.severities import Severity
from contract import limits
from contract.matchers import InvalidMatchersError, Op, read

MOST_LINES = 20


@dataclass(frozen=True)
class Line:
    """One step of the chain, when it would come, and whom it would page."""

    at: datetime
    where: str
    whom: str
    is_nobody: bool


@dataclass(frozen=True)
class Explanation:
    """Which chain an alert goes to, why, and what would follow if nobody answered."""

    choice: Choice
    reasons: Sequence[str]
    lines: Sequence[Line]


def labels_of(text: str) -> dict[str, str]:
    """Read the labels of a pasted alert: JSON as Alertmanager sends and shows it, or `name=value` on lines.

    Raises:
        InvalidInput: it is neither.

    """
    text = text.strip()
    if not text:
        return {}
    if text[0] in "{[" and '"' in text:
        return _from_json(text)
    try:
        found = read(text, may_match_empty=True)
    except InvalidMatchersError as error:
        raise _wrong(error.sentences[0]) from None
    if any(matcher.op is not Op.EQUAL for matcher in found):
        raise _wrong("Write labels as name=value: an alert has values, not conditions.")
    return {matcher.name: matcher.value for matcher in found}


def explain(labels: Mapping[str, str], severity: Severity, service: str, at: datetime) -> Explanation:
    """Return who would be paged about an incident of an alert that opens at a moment."""
    incident = Incident(
        severity=severity,
        labels=dict(labels),
        tags={},
        service=service or None,
        source=Source.ALERT,
        state=State.OPEN,
        title="",
    )
    choice = routing.choose(routing.words_of(incident))
    reasons = _of_routes(choice)
    if choice.chain is None:
        return Explanation(choice, [*reasons, "There is no default chain: the lists are mailed."], ())
    plan = Plan.model_validate(choice.chain.plan)
    return Explanation(choice, [*reasons, *_of_plan(plan, severity)], _walk(plan, incident, at))


def _of_routes(choice: Choice) -> list[str]:
    reasons = [
        f"Route {number} doesn't fit: {answer.failed} does not hold."
        if answer.failed is not None
        else f"Route {number} fits, so chain “{choice.chain.name if choice.chain else ''}” is taken."
        for number, answer in enumerate(choice.answers, 1)
    ]
    if choice.route is None and choice.chain is not None:
        reasons.append(f"No route fits, so the default chain “{choice.chain.name}” is taken.")
    return reasons


def _of_plan(plan: Plan, severity: Severity) -> list[str]:
    first = plan.machine_first(severity)
    machine = (
        f"While automation is at work, the first page waits for at most {in_words(first.total_seconds())}."
        if first
        else f"A {severity} incident does not wait for automation."
    )
    urgency = (
        f"A {severity} incident pages at any hour."
        if plan.is_urgent(severity)
        else f"A {severity} incident pages in working hours only."
    )
    return [machine, urgency]


def _walk(plan: Plan, incident: Incident, at: datetime) -> list[Line]:
    """Go through the steps as if nobody answered; the machine has no part."""
    blank = Escalation(plan=plan.model_dump(mode="json"), chain_name="", begun_at=at, step=0, round=0)
    blank.state, blank.is_called = EscalationState.WAITING, False
    lines: list[Line] = []
    moment = at
    while len(lines) < MOST_LINES:
        step = next_step(blank, incident, NO_PART, moment)
        if isinstance(step, Wait):
            if step.why == "hours":
                lines.append(Line(moment, "waits for working hours", exact(step.until), is_nobody=True))
            moment = step.until
        elif isinstance(step, Notify):
            users = people.of(step.target, moment)
            nobody = f"nobody: {people.name(step.target)} {people.NOBODY[step.target.kind]}"
            whom = ", ".join(user.name for user in users) or nobody
            lines.append(Line(moment, step.reason, whom, is_nobody=not users))
            blank.round, blank.step = step.round, step.step + 1
            blank.step_at = moment + (step.wait if users else timedelta())
        else:
            lines.append(Line(moment, "the end", "nobody has answered", is_nobody=True))
            break
    return lines


def _from_json(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong("This is no JSON, and no labels as name=value.") from None
    if isinstance(found, list):
        found = found[0] if found else {}
    if isinstance(found, dict) and isinstance(found.get("alerts"), list) and found["alerts"]:
        found = found["alerts"][0]
    labels = found.get("labels", found) if isinstance(found, dict) else None
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        raise _wrong("There are no labels in it: an object “labels” of names and texts is looked for.")
    return {str(name)[: limits.LABEL_NAME]: value for name, value in [*labels.items()][: limits.LABELS]}


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, [{"field": "alert", "message": message}])
