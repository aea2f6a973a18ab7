"""Taking a shift, having somebody take over, and ending that."""

from datetime import datetime

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import service as accounts
from app.accounts.access import requires
from app.clock import now
from app.errors import InvalidInput
from app.oncall import overrides, queries
from app.oncall.overrides import OverridePlan
from app.records.accounts import Role
from app.web.oncall.blueprint import bp, to
from app.web.oncall.forms import OverrideForm, local
from app.web.reader import me

MAX_DIGITS = 9


@bp.post("/<int:schedule_id>/take")
@requires(Role.RESPONDER)
def take(schedule_id: int) -> ResponseReturnValue:
    """Take a shift or a gap oneself, as the page shows it."""
    instead_of = request.form.get("instead_of", "")
    is_person = instead_of.isascii() and instead_of.isdigit() and len(instead_of) <= MAX_DIGITS
    plan = OverridePlan(
        person_id=current_user.id,
        starts_at=_moment("starts_at"),
        ends_at=_moment("ends_at"),
        instead_of_id=int(instead_of) if is_person else None,
    )
    overrides.make(schedule_id, plan, actor=me())
    flash("You take this shift.", "ok")
    return to(schedule_id)


@bp.route("/<int:schedule_id>/overrides/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new_override(schedule_id: int) -> ResponseReturnValue:
    """Have somebody take over for a time."""
    schedule = queries.get(schedule_id)
    form = OverrideForm(person=current_user.id, starts_at=local(now(), current_user.timezone))
    form.offer(accounts.assignable())
    if form.outcome(lambda: overrides.make(schedule_id, form.plan(current_user.timezone), actor=me())):
        flash("The override is made.", "ok")
        return to(schedule_id)
    return render_template("oncall/override_form.html", form=form, schedule=schedule), form.http_status


@bp.post("/overrides/<int:override_id>/end")
@requires(Role.RESPONDER)
def end_override(override_id: int) -> ResponseReturnValue:
    """End an override now, or call it off."""
    schedule_id = overrides.end(override_id, actor=me())
    flash("The override is over.", "ok")
    return to(schedule_id)


def _moment(field: str) -> datetime:
    """Return a time that the page wrote into its button. Raises InvalidInput when somebody else did."""
    try:
        found = datetime.fromisoformat(request.form.get(field, ""))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = "This is no time of a shift."
        raise InvalidInput(message, [{"field": field, "message": message}])
    return found
