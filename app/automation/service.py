"""Taking the automation's reports: each once, each onto the timeline of its incident.

A report may come before the incident exists, since the automation works when this app is down: it is kept,
and `early` puts it onto the timeline when the episode's first event is taken in.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, or_, select

from app.automation import approvals, policy, sentences
from app.automation.queries import is_paused
from app.clock import now
from app.database import once, remember, transaction
from app.escalations import calls
from app.extensions import db
from app.incidents import changes, queries, service
from app.records import cursor, rows, timeline, timeline_order
from app.records.actors import AUTOMATION, SYSTEM, Actor
from app.records.automation import AutomationHeartbeat, Decision, Run
from app.records.entries import Decided
from app.records.incidents import Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind
from contract.decisions import Reason
from contract.reports import DecisionReport, HeartbeatReport, RunReport
from contract.runs import OPEN, RunReason, RunState, Verdict

FLAP_QUIET = timedelta(hours=1)
"""For so long after a call, an alert that flaps calls nobody again."""


def take_decision(report: DecisionReport) -> bool:
    """Store a decision; return whether it is new. The same id again changes nothing."""
    with transaction():
        if once(_known(report.id), lambda: db.session.get(Decision, report.id) is not None):
            return False
        incident_id = _incident_of(report.episode)
        decision = Decision(
            **report.model_dump(exclude={"approval", "shadow"}),
            **(report.shadow.model_dump() if report.shadow else {}),
            incident_id=incident_id,
        )
        db.session.add(decision)
        remember(_known(report.id), value=True)
        approvals.follow(decision, report.approval)
        if incident_id is not None:
            record_decision(decision, timeline.lock(incident_id))
    return True


def learn(reports: Collection[DecisionReport | RunReport], incidents: Mapping[str, int]) -> None:
    """Look up at once what these reports need; within `reading_once`.

    ``incidents`` gives the incident of each episode that has one, and the cursor is locked if one has none.
    """
    for report in reports:
        remember(_place(report.episode), incidents.get(report.episode))
    decisions = {report.id for report in reports if isinstance(report, DecisionReport)}
    known = set(db.session.scalars(select(Decision.id).where(Decision.id.in_(decisions))))
    for decision_id in decisions:
        remember(_known(decision_id), decision_id in known)
    approvals.learn({report.episode for report in reports})


def _known(decision_id: str) -> str:
    return f"decision {decision_id}"


def _place(episode: str) -> str:
    return f"incident of {episode}"


def take_run(report: RunReport) -> bool:
    """Store a run's newest version; return whether the run is new. A version not higher changes nothing."""
    with transaction():
        run = db.session.get(Run, report.id, with_for_update=True)
        is_new = run is None
        if run is None:
            run = Run(id=report.id, version=0, incident_id=_incident_of(report.episode))
        elif report.version <= run.version:
            return False
        before = sentences.Phase.of(run)
        for name, value in report.model_dump().items():
            setattr(run, name, value)
        run.received_at = now()
        db.session.add(run)
        db.session.flush()
        if run.incident_id is not None:
            record_run(run, timeline.lock(run.incident_id), before)
    return is_new


def take_heartbeat(report: HeartbeatReport) -> bool:
    """Store the automation's sign of life; return whether people have paused the automation."""
    with transaction():
        policy.follow(report, db.session.get(AutomationHeartbeat, report.instance))
        values = report.model_dump(exclude={"paused", "runs"}, mode="python")
        db.session.merge(AutomationHeartbeat(**values, is_paused=report.paused, received_at=now()))
        for run in db.session.scalars(select(Run).where(Run.id.in_(report.runs), is_unsettled())).all():
            run.heard_at = now()
    return is_paused()


def is_unsettled() -> ColumnElement[bool]:
    """Return the condition that a run is not over, or that its verdict is open."""
    return or_(Run.state.in_(OPEN), Run.verification == Verdict.PENDING)


def close_unheard(run: Run, why: str) -> None:
    """Close a run that nobody ended, or whose verdict nobody told; call it inside a transaction.

    Its version stays, so that a report that comes after all has the last word.
    """
    before = sentences.Phase.of(run)
    if run.state in OPEN:
        run.state, run.reason, run.finished_at = RunState.UNKNOWN, RunReason.NOT_HEARD_OF, now()
        run.detail = f"How it ended is not known: {why}."
    else:
        run.verification, run.verdict_at = Verdict.INCONCLUSIVE, now()
        run.verdict_detail = f"Automation told no verdict: {why}."
    if run.incident_id is not None:
        record_run(run, timeline.lock(run.incident_id), before, SYSTEM)


def _incident_of(episode: str) -> int | None:
    """Return the id of an episode's incident, if there is one.

    If there is none, events may be on their way in: the cursor's lock waits for them, and keeps the next
    ones out until the report is stored, so that `early` can't miss it.
    """
    return once(_place(episode), lambda: _found(episode))


def _found(episode: str) -> int | None:
    incident = queries.of_episode(episode)
    if incident is None:
        cursor.lock()
        incident = queries.of_episode(episode)
    return incident.id if incident else None


def record_decision(decision: Decision, incident: Incident) -> None:
    """Put a decision onto the timeline of its incident, which must be locked; call people if it says so."""
    timeline.record(
        incident.id,
        Decided(decision=decision.decision, decision_id=decision.id, reason=decision.reason),
        AUTOMATION,
        sentences.of_decision(decision),
        at=decision.decided_at,
        place=timeline_order.of_report(incident.id, decision.seq, decision.decided_at),
    )
    calls.wake(incident)
    if decision.escalate and incident.state is not State.RESOLVED and not _was_called(decision, incident):
        rows.insert_gathered()
        service.escalate(incident.id, actor=AUTOMATION, reason=decision.detail)


def _was_called(decision: Decision, incident: Incident) -> bool:
    """Say whether people know: of an alert that flaps each return gives up anew, and one call is enough."""
    called_at = incident.escalated_at
    return decision.reason == Reason.FLAPPING and called_at is not None and called_at > now() - FLAP_QUIET


def record_run(run: Run, incident: Incident, before: sentences.Phase, actor: Actor = AUTOMATION) -> None:
    """Put what is new of a run onto the timeline of its incident, which must be locked; keep its verdict."""
    for told in sentences.of_run(run, before):
        at = told.at or now()
        place = timeline_order.of_report(incident.id, run.seq, at)
        timeline.record(incident.id, told.entry, actor, told.summary, at=at, place=place)
    calls.wake(incident)
    if not _is_current(run, incident) or incident.verdict == run.verification:
        return
    incident.verdict = run.verification
    if run.verification is Verdict.VERIFIED and incident.state is State.RESOLVED:
        changes.queue_mails(MailKind.REPAIRED, incident, AUTOMATION)


def _is_current(run: Run, incident: Incident) -> bool:
    """Say whether this is the last attempt on the present episode: its verdict is the incident's."""
    last = db.session.scalar(
        select(Run.id)
        .where(Run.incident_id == incident.id, Run.episode == incident.episode)
        .order_by(Run.attempt.desc(), Run.queued_at.desc(), Run.id.desc())
        .limit(1),
    )
    return last == run.id
