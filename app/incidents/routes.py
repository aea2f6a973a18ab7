"""Pages of incidents: the list, the incident, and one form per action."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import words
from app.accounts import service as accounts
from app.accounts.models import Role
from app.clock import now
from app.dashboard import queries as dashboard
from app.errors import EditConflict, InvalidInput, InvalidTransition, OimsError
from app.forms import Form
from app.incidents import forms, queries, service, story
from app.incidents.actors import Actor
from app.incidents.filters import Selection
from app.incidents.lifecycle import Severity, State, actions_for
from app.incidents.models import Incident
from app.pages import live_page
from app.remediation import queries as remediation
from app.remediation import standing as automation
from app.security import requires

RECENTLY_RESOLVED = 10
FAVICONS = {State.OPEN: "burning", State.ACKNOWLEDGED: "held", State.RESOLVED: "calm"}

bp = Blueprint("incidents", __name__)
bp.add_url_rule("/incidents", endpoint="list", redirect_to="/")


@bp.get("/")
def index() -> ResponseReturnValue:
    """Show what is on fire, worst and oldest first, then what was resolved lately."""
    selection = Selection.from_url(request.args)
    filters = selection.filters(current_user.id)
    following = None
    if selection.is_ranked:
        rows = queries.worst_first(filters)
    else:
        page = queries.page(filters, after=selection.after)
        rows, following = page.items, page.next
    resolved: Sequence[Incident] = ()
    if selection.view == "active":
        recent = Selection(**{**vars(selection), "view": "resolved"}).filters(current_user.id)
        resolved = queries.page(recent, limit=RECENTLY_RESOLVED).items
    ids = [incident.id for incident in (*rows, *resolved)]
    standing = dashboard.standing()
    return live_page(
        "incidents/index.html",
        "incidents/_board.html",
        heading=standing.headline,
        favicon=standing.favicon,
        standing=standing,
        selection=selection,
        rows=rows,
        resolved=resolved,
        next_url=selection.url(after=following) if following else None,
        last_events=dashboard.last_events(ids),
        runs=dashboard.last_runs(ids),
        decisions=dashboard.last_decisions(ids),
        now=now(),
        may_change=_may_change(),
        how=automation.tell(remediation.heartbeats(), now(), is_paused=remediation.is_paused()),
    )


@bp.route("/incidents/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new() -> ResponseReturnValue:
    """Open an incident on a person's word."""
    form = forms.NewIncidentForm()
    form.owner.offer(accounts.assignable())
    if form.validate_on_submit():
        try:
            incident = service.create(
                title=form.title.data or "",
                severity=Severity(form.severity.data),
                service=form.service.data,
                description=form.description.data or "",
                owner_id=form.owner.user_id,
                actor=_me(),
            )
        except InvalidInput as error:
            form.reject(error)
        else:
            flash(f"Incident {incident.id} is open.", "ok")
            return _to(incident.id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render_template("incidents/new.html", form=form), status


@bp.get("/incidents/<int:incident_id>")
def show(incident_id: int) -> ResponseReturnValue:
    """Show one incident and everything that happened to it."""
    return _page(queries.get(incident_id))


@bp.post("/incidents/<int:incident_id>/acknowledge")
def acknowledge(incident_id: int) -> ResponseReturnValue:
    """Take the incident."""
    form = forms.ActionForm()
    return _act(
        incident_id,
        "acknowledge",
        form,
        "You have it.",
        lambda: service.acknowledge(incident_id, actor=_me(), version=form.version.data),
    )


@bp.post("/incidents/<int:incident_id>/assign")
def assign(incident_id: int) -> ResponseReturnValue:
    """Give the incident to a person or to nobody."""
    form = forms.AssignForm()
    form.owner.offer(accounts.assignable())
    return _act(
        incident_id,
        "assign",
        form,
        "Assigned.",
        lambda: service.assign(
            incident_id, owner_id=form.owner.user_id, actor=_me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/comment")
def comment(incident_id: int) -> ResponseReturnValue:
    """Add a comment; whatever else happened meanwhile, a remark is always kept."""
    form = forms.CommentForm()
    return _act(
        incident_id,
        "comment",
        form,
        "Comment added.",
        lambda: service.comment(incident_id, body=form.body.data or "", actor=_me()),
    )


@bp.post("/incidents/<int:incident_id>/resolve")
def resolve(incident_id: int) -> ResponseReturnValue:
    """Close the incident."""
    form = forms.ResolveForm()
    return _act(
        incident_id,
        "resolve",
        form,
        "Resolved.",
        lambda: service.resolve(
            incident_id, reason=form.reason.data or "", actor=_me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/reopen")
def reopen(incident_id: int) -> ResponseReturnValue:
    """Open a resolved incident again."""
    form = forms.ReopenForm()
    return _act(
        incident_id,
        "reopen",
        form,
        "Reopened.",
        lambda: service.reopen(
            incident_id, reason=form.reason.data or "", actor=_me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/escalate")
def escalate(incident_id: int) -> ResponseReturnValue:
    """Call for more people."""
    form = forms.EscalateForm()
    return _act(
        incident_id,
        "escalate",
        form,
        "Escalated. The on-call list gets a mail.",
        lambda: service.escalate(
            incident_id, reason=form.reason.data or "", actor=_me(), version=form.version.data
        ),
    )


@bp.post("/incidents/<int:incident_id>/severity")
def severity(incident_id: int) -> ResponseReturnValue:
    """Say how bad it really is."""
    form = forms.SeverityForm()
    return _act(
        incident_id,
        "severity",
        form,
        "Severity changed.",
        lambda: service.change_severity(
            incident_id,
            severity=Severity(form.severity.data),
            actor=_me(),
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


def _act(
    incident_id: int,
    name: str,
    form: Form,
    done: str,
    use_case: Callable[[], Incident],
) -> ResponseReturnValue:
    """Check the form, run the use case, and go back to the incident; a refusal shows the page again."""
    incident = queries.get(incident_id)
    if form.validate_on_submit():
        try:
            use_case()
        except InvalidInput as error:
            form.reject(error)
        else:
            flash(done, "ok")
            return _to(incident_id)
    return _page(incident, **{name: form}), HTTPStatus.UNPROCESSABLE_ENTITY


def _page(incident: Incident, **submitted: Form) -> Response:
    events = queries.timeline(incident.id)
    runs = remediation.runs_of(incident.id)
    decisions = remediation.decisions_of(incident.id)
    last_decision = decisions[-1] if decisions else None
    return live_page(
        "incidents/show.html",
        "incidents/_live.html",
        incident=incident,
        title=f"{incident.title} · {words.STATES[incident.state].word}",
        favicon=FAVICONS[incident.state],
        events=events,
        last_event_id=max((event.id for event in events), default=0),
        runs={run.id: run for run in runs},
        automation=words.automation_pill(incident.verdict, runs[-1] if runs else None, last_decision),
        story=story.tell(incident, events, runs, decisions, now()),
        related=queries.related(incident),
        allowed=actions_for(incident.state) if _may_change() else frozenset(),
        approvals=remediation.open_approvals(incident.id),
        forms=_forms(incident) | submitted,
    )


def _forms(incident: Incident) -> dict[str, Form]:
    """Return a fresh form per action, filled with the incident's present values."""
    assignment = forms.AssignForm(formdata=None, owner=str(incident.owner_id or ""))
    assignment.owner.offer(accounts.assignable())
    return {
        "assign": assignment,
        "comment": forms.CommentForm(formdata=None),
        "resolve": forms.ResolveForm(formdata=None),
        "reopen": forms.ReopenForm(formdata=None),
        "escalate": forms.EscalateForm(formdata=None),
        "severity": forms.SeverityForm(formdata=None, severity=incident.severity.value),
    }


def _may_change() -> bool:
    return bool(current_user.role.includes(Role.RESPONDER))


def _me() -> Actor:
    return Actor.person(current_user)


def _to(incident_id: int) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", incident_id=incident_id), code=HTTPStatus.SEE_OTHER)
