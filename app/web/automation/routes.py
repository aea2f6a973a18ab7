"""Pages of the automation: how it stands, its remedies, each run, and what people tell it."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.accounts.factors.recent import SecondFactorNeeded, check_approval
from app.automation import approvals, control, queries, status, track_record
from app.clock import now
from app.errors import InvalidInput
from app.records import audit
from app.records.accounts import Role
from app.records.audit_kinds import AuditKind
from app.records.automation import Approval
from app.web.accounts.factors import second_step
from app.web.accounts.proof import requires_recent_proof
from app.web.automation import forms
from app.web.pages import live_page
from app.web.reader import may_change, me

RUNS_SHOWN = 20
CHANGES_SHOWN = 10
CHANGES = (
    AuditKind.AUTOMATION_PAUSED,
    AuditKind.AUTOMATION_RESUMED,
    AuditKind.MAINTENANCE_ENDED,
    AuditKind.MAINTENANCE_PLANNED,
    AuditKind.POLICY_CHANGED,
    AuditKind.RUN_APPROVED,
    AuditKind.RUN_REJECTED,
)
"""Kinds of entries of the audit trail that say who changed what the automation may do."""

bp = Blueprint("automation", __name__)


@bp.get("/automation")
@requires(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show whether the automation is armed, what it may do, and what it did lately."""
    return _automation(forms.PauseForm(formdata=None))


@bp.post("/automation/pause")
@requires(Role.RESPONDER)
def pause() -> ResponseReturnValue:
    """Stop the automation from starting runs."""
    form = forms.PauseForm()
    if not form.validate_on_submit():
        return _automation(form), HTTPStatus.UNPROCESSABLE_ENTITY
    control.pause(actor=me(), reason=form.reason.data or "")
    flash("Automation is paused. Runs that have started go on to their end.", "ok")
    return redirect(url_for("automation.index"), code=HTTPStatus.SEE_OTHER)


@bp.post("/automation/resume")
@requires(Role.RESPONDER)
def resume() -> ResponseReturnValue:
    """Let the automation start runs again."""
    if forms.ResumeForm().validate_on_submit():
        control.resume(actor=me())
        flash("Automation may start runs again.", "ok")
    return redirect(url_for("automation.index"), code=HTTPStatus.SEE_OTHER)


@bp.get("/automation/remedies/<path:name>")
@requires(Role.VIEWER)
def remedy(name: str) -> ResponseReturnValue:
    """Show one remedy: its track_record, its runs, and why it did not run."""
    heartbeats = queries.heartbeats()
    found = track_record.remedy(name, heartbeats)
    runs = queries.runs_of_remedy(name, RUNS_SHOWN)
    return render_template(
        "automation/remedy.html",
        name=found.name,
        remedy=found.policy,
        record=track_record.record(found.name),
        shadow=track_record.shadow(found.name, now()),
        skips=track_record.skips(found.name),
        runs=runs,
    )


@bp.get("/runs/<run_id>")
@requires(Role.VIEWER)
def run(run_id: str) -> ResponseReturnValue:
    """Show one playbook run: target, verdict, tasks, output, and how to do it by hand."""
    return render_template("automation/run.html", run=queries.run(run_id))


@bp.post("/approvals/<approval_id>/approve")
@requires(Role.RESPONDER)
def approve(approval_id: str) -> ResponseReturnValue:
    """Let a run happen that waits for it."""
    try:
        check_approval(current_user.factor_at)
    except SecondFactorNeeded as error:
        return second_step.ask_again(error, target=_page_of(approval_id))
    return _approve(approval_id)


@bp.post("/approvals/<approval_id>/reject")
@requires(Role.RESPONDER)
def reject(approval_id: str) -> ResponseReturnValue:
    """Forbid a run that waits for an answer."""
    return _answer(approval_id, approvals.reject, "Rejected. The incident stays with people.")


@requires_recent_proof
def _approve(approval_id: str) -> ResponseReturnValue:
    use_case = partial(approvals.approve, factor_at=current_user.factor_at)
    return _answer(approval_id, use_case, "Approved. The automation decides again now.")


def _answer(approval_id: str, use_case: Callable[..., Approval], done: str) -> ResponseReturnValue:
    form = forms.AnswerForm()
    if not form.validate_on_submit():
        raise InvalidInput(" ".join(message for errors in form.errors.values() for message in errors))
    use_case(approval_id, actor=me(), reason=form.reason.data or "")
    flash(done, "ok")
    return redirect(_page_of(approval_id), code=HTTPStatus.SEE_OTHER)


def _page_of(approval_id: str) -> str:
    """Return the page that shows the question."""
    incident_id = approvals.incident_of(approval_id)
    if incident_id is None:
        return url_for("automation.index")
    return url_for("incidents.show", incident_id=incident_id)


def _automation(form: forms.PauseForm) -> Response:
    heartbeats = queries.heartbeats()
    stop = queries.pause()
    how = status.summarize(heartbeats, now(), is_paused=stop is not None)
    remedies = heartbeats[0].remedies if heartbeats else []
    return live_page(
        "automation/automation.html",
        "automation/_automation.html",
        heading=how.headline,
        favicon="calm" if how.kind == "robot" else "held",
        how=how,
        stop=stop,
        remedies=remedies,
        verdicts=queries.last_runs_of([remedy["name"] for remedy in remedies]),
        shadows={r["name"]: track_record.shadow(r["name"], now()) for r in remedies if r["mode"] == "shadow"},
        runs=queries.recent_runs(RUNS_SHOWN),
        decisions=queries.recent_decisions(RUNS_SHOWN),
        approvals=queries.open_approvals(),
        changes=audit.latest(CHANGES, CHANGES_SHOWN),
        may_change=may_change(),
        form=form,
    )
