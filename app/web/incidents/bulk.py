"""One action for several incidents of the list. Each is a change of its own: one refusal stops no other."""

from collections.abc import Callable
from http import HTTPStatus

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.errors import OimsError
from app.incidents import service
from app.records.accounts import Role
from app.records.incidents import Incident
from app.web.incidents import forms
from app.web.incidents.page import bp
from app.web.pages import local_path
from app.web.reader import me

MOST_SHOWN = 5
DONE = {"acknowledge": "acknowledged", "assign": "assigned", "resolve": "resolved"}


@bp.post("/incidents/bulk")
@requires(Role.RESPONDER)
def change_several() -> ResponseReturnValue:
    """Acknowledge, assign or resolve the selected incidents, and report what failed and why."""
    form = forms.BulkForm.offered()
    back = redirect(local_path(request.form.get("next")), code=HTTPStatus.SEE_OTHER)
    ids = form.picked()
    if not ids:
        flash("Tick the incidents first.", "problem")
    elif not form.validate_on_submit():
        flash(" ".join(error for errors in form.errors.values() for error in errors), "problem")
    else:
        _flash(form.do.data, *_change(ids, _use_case(form)))
    return back


def _use_case(form: forms.BulkForm) -> Callable[[int], Incident]:
    actor, reason, owner_id = me(), form.reason.data or "", form.owner.user_id
    return {
        "acknowledge": lambda number: service.acknowledge(number, actor=actor),
        "assign": lambda number: service.assign(number, owner_id=owner_id, actor=actor),
        "resolve": lambda number: service.resolve(number, actor=actor, reason=reason),
    }[form.do.data]


def _change(ids: list[int], use_case: Callable[[int], Incident]) -> tuple[list[int], list[str]]:
    done, refused = [], []
    for incident_id in ids:
        try:
            use_case(incident_id)
        except OimsError as error:
            refused.append(f"{incident_id}: {error.detail}")
        else:
            done.append(incident_id)
    return done, refused


def _flash(action: str, done: list[int], refused: list[str]) -> None:
    if done:
        incidents = "1 incident" if len(done) == 1 else f"{len(done)} incidents"
        flash(f"{incidents} {DONE[action]}.", "ok")
    for sentence in refused[:MOST_SHOWN]:
        flash(f"Not {DONE[action]}: {sentence}", "problem")
    if len(refused) > MOST_SHOWN:
        flash(f"And {len(refused) - MOST_SHOWN} more were not {DONE[action]}.", "problem")
