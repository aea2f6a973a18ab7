"""Pages after an incident: the review with its forms, the printable report, and its Markdown."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.accounts import service as accounts
from app.accounts.access import requires
from app.errors import EditConflict, InvalidInput
from app.incidents import queries as incidents
from app.records.accounts import Role
from app.reviews import queries, service
from app.web.forms import Form
from app.web.pages import zone
from app.web.reader import may_change, me
from app.web.reviews import export
from app.web.reviews.forms import FollowUpForm, ReviewForm, SettleForm

bp = Blueprint("reviews", __name__, url_prefix="/incidents/<int:incident_id>")


@bp.get("/review")
@requires(Role.VIEWER)
def show(incident_id: int) -> ResponseReturnValue:
    """Show the review and its forms."""
    return _page(incident_id)


@bp.post("/review")
@requires(Role.RESPONDER)
def write(incident_id: int) -> ResponseReturnValue:
    """Say what happened and why."""
    form = ReviewForm()
    if form.validate_on_submit():
        try:
            service.write(
                incident_id,
                summary=form.summary.data or "",
                cause=form.cause.data or "",
                actor=me(),
                version=form.version.data,
            )
        except InvalidInput as error:
            form.reject(error)
        except EditConflict as error:
            # What was typed stays in the form, with the new version: sending it again is a decision.
            form.version.data = incidents.get(incident_id).version
            form.version.raw_data = None
            form.form_errors.append(f"{error.detail} Your text is still here.")
        else:
            return _saved(incident_id)
    return _page(incident_id, review=form)


@bp.post("/follow-ups")
@requires(Role.RESPONDER)
def add_follow_up(incident_id: int) -> ResponseReturnValue:
    """Say what is to be done."""
    form = FollowUpForm()
    form.owner.offer(accounts.assignable())
    if form.outcome(
        lambda: service.add_follow_up(
            incident_id,
            text=form.text.data or "",
            owner_id=form.owner.user_id,
            due_on=form.due_on.data,
            actor=me(),
        )
    ):
        return _saved(incident_id)
    return _page(incident_id, follow_up=form)


@bp.post("/follow-ups/<int:item_id>")
@requires(Role.RESPONDER)
def settle(incident_id: int, item_id: int) -> ResponseReturnValue:
    """Mark a follow-up as done, or as not done."""
    service.settle(incident_id, item_id, is_done=SettleForm().done.data == "yes", actor=me())
    return _saved(incident_id)


@bp.get("/report")
@requires(Role.VIEWER)
def report(incident_id: int) -> ResponseReturnValue:
    """Show all of it on one page that prints well."""
    return render_template(
        "reviews/report.html", **_known(incident_id), events=incidents.timeline(incident_id)
    )


@bp.get("/report.md")
@requires(Role.VIEWER)
def download(incident_id: int) -> ResponseReturnValue:
    """Give all of it as Markdown."""
    known = _known(incident_id)
    text = export.markdown(known["incident"], incidents.timeline(incident_id), known["follow_ups"], zone())
    response = Response(text, content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="incident-{incident_id}.md"'
    return response


def _known(incident_id: int) -> dict[str, Any]:
    return {"incident": incidents.get(incident_id), "follow_ups": queries.follow_ups(incident_id)}


def _page(incident_id: int, **submitted: Form) -> ResponseReturnValue:
    known = _known(incident_id)
    incident = known["incident"]
    follow_up = FollowUpForm(formdata=None)
    follow_up.owner.offer(accounts.assignable())
    review = ReviewForm(
        formdata=None, summary=incident.summary, cause=incident.cause, version=incident.version
    )
    forms = {"review": review, "follow_up": follow_up} | submitted
    status = HTTPStatus.UNPROCESSABLE_ENTITY if submitted else HTTPStatus.OK
    return render_template("reviews/review.html", **known, forms=forms, may_change=may_change()), status


def _saved(incident_id: int) -> ResponseReturnValue:
    flash("Saved.", "ok")
    return redirect(url_for("reviews.show", incident_id=incident_id), code=HTTPStatus.SEE_OTHER)
