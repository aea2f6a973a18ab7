"""Pages of incidents, gathered on their blueprint."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app, flash, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts import service as accounts
from app.accounts.access import requires
from app.alerts.sources import Unreachable
from app.automation import queries as automation
from app.extensions import db
from app.incidents import queries, service
from app.records.accounts import Role
from app.records.automation import Run
from app.records.incidents import Incident
from app.severities import Severity
from app.web import words
from app.web.incidents import actions, bulk, evidence, forms, index, relations, saved_views
from app.web.incidents.page import bp, render, to
from app.web.incidents.pictures import Mark, draw
from app.web.pages import zone
from app.web.reader import me
from contract.runs import Verdict

__all__ = ["actions", "bp", "bulk", "index", "relations", "saved_views"]


@bp.route("/incidents/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new() -> ResponseReturnValue:
    """Open an incident on a person's word."""
    form = forms.NewIncidentForm()
    form.owner.offer(accounts.assignable())
    incident = form.outcome(
        lambda: service.create(
            title=form.title.data or "",
            severity=Severity(form.severity.data),
            service=form.service.data,
            description=form.description.data or "",
            owner_id=form.owner.user_id,
            actor=me(),
        )
    )
    if incident is not None:
        flash(f"Incident {incident.id} is open.", "ok")
        return to(incident.id)
    return render_template("incidents/new.html", form=form), form.http_status


@bp.get("/incidents/<int:incident_id>")
@requires(Role.VIEWER)
def show(incident_id: int) -> ResponseReturnValue:
    """Show one incident and everything that happened to it."""
    return render(queries.get(incident_id))


@bp.get("/incidents/<int:incident_id>/evidence")
@requires(Role.VIEWER)
def show_evidence(incident_id: int) -> ResponseReturnValue:
    """Show the course of the alert's expression and its silences; the incident's page fetches it later."""
    incident = queries.get(incident_id)
    settings = current_app.config["SETTINGS"]
    known: dict[str, Any] = {"incident": incident}
    marks = list(_marks(incident, automation.runs_of(incident.id)))
    # The other servers may take a second each; no snapshot of the database is held meanwhile.
    db.session.expunge(incident)
    db.session.rollback()
    if incident.alertname and settings.prometheus_url:
        try:
            found = evidence.series(incident, settings.prometheus_url)
            known |= _picture(found, incident, marks) if found else {}
        except Unreachable:
            known["problem"] = "No picture: Prometheus did not answer."
    if incident.alertname and settings.alertmanager_url:
        try:
            known["silences"] = evidence.silences(incident, settings)
        except Unreachable:
            known["silences_problem"] = "Whether it is silenced is not known: Alertmanager did not answer."
    is_part = request.headers.get("HX-Request") == "true"
    return render_template("incidents/_evidence.html" if is_part else "incidents/evidence.html", **known)


def _picture(found: evidence.Series, incident: Incident, marks: Sequence[Mark]) -> dict[str, Any]:
    return {"expression": found.expression, "picture": draw(found, incident, marks, zone())}


def _marks(incident: Incident, runs: Sequence[Run]) -> Iterator[Mark]:
    """Return what happened that explains the picture: the opening, the newest repair, and the end."""
    yield Mark(incident.opened_at, "opened", "bad")
    run = next((run for run in reversed(runs) if run.is_repair), None)
    if run is not None and run.started_at is not None:
        yield Mark(run.started_at, run.playbook, "robot")
    if run is not None and run.verdict_at is not None and run.verification is not None:
        is_good = run.verification is Verdict.VERIFIED
        yield Mark(run.verdict_at, words.VERDICTS[run.verification].word.lower(), "ok" if is_good else "bad")
    elif incident.resolved_at is not None:
        yield Mark(incident.resolved_at, "resolved", "ok")
