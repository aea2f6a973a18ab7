"""One form per action of the incident page."""

from http import HTTPStatus

from flask import render_template, request
from flask.typing import ResponseReturnValue

from app.accounts import service as accounts
from app.accounts.access import requires
from app.errors import EditConflict, InvalidTransition, OimsError
from app.incidents import helping, queries, service
from app.records.accounts import Role
from app.records.lifecycle import actions_for
from app.severities import Severity
from app.web.incidents import forms
from app.web.incidents.page import act, bp
from app.web.reader import me


@bp.post("/incidents/<int:incident_id>/acknowledge")
@requires(Role.RESPONDER)
def acknowledge(incident_id: int) -> ResponseReturnValue:
    """Take the incident."""
    form = forms.ActionForm()
    return act(
        incident_id,
        "acknowledge",
        form,
        "You have it.",
        lambda: service.acknowledge(incident_id, actor=me(), version=form.version.data),
    )


@bp.post("/incidents/<int:incident_id>/assign")
@requires(Role.RESPONDER)
def assign(incident_id: int) -> ResponseReturnValue:
    """Give the incident to a person or to nobody."""
    form = forms.AssignForm()
    form.owner.offer(accounts.assignable())
    return act(
        incident_id,
        "assign",
        form,
        "Assigned.",
        lambda: service.assign(
            incident_id, owner_id=form.owner.user_id, actor=me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/comment")
@requires(Role.RESPONDER)
def comment(incident_id: int) -> ResponseReturnValue:
    """Add a comment; whatever else happened meanwhile, a remark is always kept."""
    form = forms.CommentForm()
    return act(
        incident_id,
        "comment",
        form,
        "Comment added.",
        lambda: service.comment(incident_id, body=form.body.data or "", actor=me()),
    )


@bp.post("/incidents/<int:incident_id>/resolve")
@requires(Role.RESPONDER)
def resolve(incident_id: int) -> ResponseReturnValue:
    """Close the incident."""
    form = forms.ResolveForm()
    return act(
        incident_id,
        "resolve",
        form,
        "Resolved.",
        lambda: service.resolve(
            incident_id, reason=form.reason.data or "", actor=me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/reopen")
@requires(Role.RESPONDER)
def reopen(incident_id: int) -> ResponseReturnValue:
    """Open a resolved incident again."""
    form = forms.ReopenForm()
    return act(
        incident_id,
        "reopen",
        form,
        "Reopened.",
        lambda: service.reopen(
            incident_id, reason=form.reason.data or "", actor=me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/escalate")
@requires(Role.RESPONDER)
def escalate(incident_id: int) -> ResponseReturnValue:
    """Call for more people."""
    form = forms.EscalateForm()
    return act(
        incident_id,
        "escalate",
        form,
        "Escalated: people are called.",
        lambda: service.escalate(
            incident_id, reason=form.reason.data or "", actor=me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/help")
@requires(Role.RESPONDER)
def ask_for_help(incident_id: int) -> ResponseReturnValue:
    """Page one more person, or a team."""
    form = forms.HelpForm.offered()
    return act(
        incident_id,
        "help",
        form,
        "Asked for help: they are paged.",
        lambda: helping.ask(
            incident_id,
            target=form.target(),
            reason=form.reason.data or "",
            actor=me(),
            version=form.version.data,
        ),
    )


@bp.post("/incidents/<int:incident_id>/severity")
@requires(Role.RESPONDER)
def severity(incident_id: int) -> ResponseReturnValue:
    """Say how bad it really is."""
    form = forms.SeverityForm()
    return act(
        incident_id,
        "severity",
        form,
        "Severity changed.",
        lambda: service.change_severity(
            incident_id,
            severity=Severity(form.severity.data),
            actor=me(),
            version=form.version.data,
        ),
    )


@bp.errorhandler(EditConflict)
@bp.errorhandler(InvalidTransition)
def _changed_meanwhile(error: OimsError) -> ResponseReturnValue:
    """Explain what others did since the person looked, keep what was typed, and offer the action again."""
    incident = queries.get((request.view_args or {})["incident_id"])
    action = (request.endpoint or "").rpartition(".")[2]
    seen = request.form.get("seen", "")
    events = queries.timeline(incident.id, after_id=int(seen)) if seen.isascii() and seen.isdigit() else []
    is_possible = ("change_severity" if action == "severity" else action) in actions_for(incident.state)
    given = {
        name: value for name, value in request.form.items() if name not in {"csrf_token", "version", "seen"}
    }
    page = render_template(
        "incidents/conflict.html",
        incident=incident,
        message="" if is_possible and isinstance(error, EditConflict) else error.detail,
        events=events,
        typed=given.get("reason"),
        again=given | {"version": incident.version, "seen": seen} if is_possible else None,
        word=action.capitalize() if action != "severity" else "Change the severity",
    )
    return page, HTTPStatus.CONFLICT
