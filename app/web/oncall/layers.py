"""The form of a layer, and taking one away."""

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import service as accounts
from app.accounts.access import requires
from app.clock import now
from app.errors import InvalidInput
from app.oncall import layers, queries
from app.records.accounts import Role
from app.records.oncall import Layer, Schedule
from app.web.oncall.blueprint import bp, to
from app.web.oncall.forms import LayerForm, of_layer
from app.web.reader import me


@bp.route("/<int:schedule_id>/layers/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new_layer(schedule_id: int) -> ResponseReturnValue:
    """Lay a layer over those that are there."""
    schedule = queries.get(schedule_id)
    form = LayerForm(name="Layer 1" if not queries.current_layers(schedule_id) else "")
    if form.outcome(lambda: layers.add(schedule_id, form.plan(current_user.timezone), actor=me())):
        flash("The layer counts from its start on.", "ok")
        return to(schedule_id)
    return _page(form, schedule, None)


@bp.route("/<int:schedule_id>/layers/<int:key>", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit_layer(schedule_id: int, key: int) -> ResponseReturnValue:
    """Change a layer; what was stays as it was."""
    schedule, layer = queries.get(schedule_id), layers.get(schedule_id, key)
    form = LayerForm(data=of_layer(layer, current_user.timezone, now()))
    if form.validate_on_submit():
        try:
            plan = form.plan(current_user.timezone)
            changed = layers.change(schedule_id, key, plan, actor=me(), at_once=form.at_once.data)
        except InvalidInput as error:
            form.reject(error)
        else:
            is_later = changed.starts_at > now()
            flash(
                "The layer changes after the turn that runs." if is_later else "The layer is changed.", "ok"
            )
            return to(schedule_id)
    return _page(form, schedule, layer)


@bp.post("/<int:schedule_id>/layers/<int:key>/remove")
@requires(Role.RESPONDER)
def remove_layer(schedule_id: int, key: int) -> ResponseReturnValue:
    """Take a layer away, after its running turn or at once."""
    layers.remove(schedule_id, key, actor=me(), at_once="at_once" in request.form)
    flash("The layer is removed. Its past shifts stay.", "ok")
    return to(schedule_id)


def _page(form: LayerForm, schedule: Schedule, layer: Layer | None) -> ResponseReturnValue:
    people = accounts.assignable()
    shown = render_template(
        "oncall/layer_form.html", form=form, schedule=schedule, layer=layer, people=people, now=now()
    )
    return shown, form.http_status
