"""The incident's page, and what all views of incidents share."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from app.accounts import service as accounts
from app.automation import queries as automation
from app.clock import now
from app.escalations import queries as escalations
from app.incidents import details, merging, queries, related
from app.records.incidents import Incident
from app.records.lifecycle import State, actions_for
from app.web import words
from app.web.forms import Form
from app.web.incidents import forms, paging, summary
from app.web.incidents.folding import folded
from app.web.pages import live_page, zone
from app.web.reader import may_change

FAVICONS = {State.OPEN: "burning", State.ACKNOWLEDGED: "held", State.RESOLVED: "calm"}

bp = Blueprint("incidents", __name__)


def render(incident: Incident, **submitted: Form) -> Response:
    """Show an incident; ``submitted`` are the forms that were refused, by the name of their action."""
    events = queries.timeline(incident.id)
    runs = automation.runs_of(incident.id)
    repairs = [run for run in runs if run.is_repair]
    decisions = automation.decisions_of(incident.id)
    last_decision = decisions[-1] if decisions else None
    return live_page(
        "incidents/show.html",
        "incidents/_live.html",
        incident=incident,
        title=f"{incident.title} · {words.STATES[incident.state].word}",
        favicon=FAVICONS[incident.state],
        events=events,
        entries=folded(reversed(events), zone()),
        last_event_id=max((event.id for event in events), default=0),
        runs={run.id: run for run in runs},
        automation=words.automation_pill(incident.verdict, repairs[-1] if repairs else None, last_decision),
        summary=summary.summarize(incident, events, runs, decisions, now(), zone=zone()),
        related=related.related(incident),
        linked=merging.linked(incident.id),
        merged=merging.duplicates(incident.id),
        into=queries.find(incident.merged_into_id) if incident.merged_into_id else None,
        may_change=may_change(),
        allowed=actions_for(incident.state) if may_change() else frozenset(),
        paging=paging.sentence(incident, escalations.of_incident(incident.id), zone()),
        approvals=automation.open_approvals(incident.id),
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
        "help": forms.HelpForm.offered(),
        "link": forms.LinkForm(formdata=None),
        "merge": forms.MergeForm(formdata=None),
        "details": forms.DetailsForm(
            formdata=None, service=incident.service or "", tags=details.write(incident.tags)
        ),
    }


def to(incident_id: int) -> ResponseReturnValue:
    """Go to an incident's page."""
    return redirect(url_for("incidents.show", incident_id=incident_id), code=HTTPStatus.SEE_OTHER)


def act(
    incident_id: int,
    name: str,
    form: Form,
    done: str,
    use_case: Callable[[], Incident],
) -> ResponseReturnValue:
    """Check the form, run the use case, and go back to the incident; a refusal shows the page again."""
    incident = queries.get(incident_id)
    if form.outcome(use_case):
        flash(done, "ok")
        return to(incident_id)
    return render(incident, **{name: form}), HTTPStatus.UNPROCESSABLE_ENTITY
