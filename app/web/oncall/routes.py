"""Pages of schedules: the list, one schedule with its calendar, and its form."""

from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.clock import now
from app.oncall import overview, queries, service
from app.oncall.notation import write_restriction
from app.records.accounts import Role
from app.web.oncall import layers, overrides, teams, week
from app.web.oncall.blueprint import bp, to
from app.web.oncall.forms import ScheduleForm, of_schedule
from app.web.reader import may_change, me

__all__ = ["bp", "layers", "overrides", "teams"]


@bp.get("")
@requires(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show who is on call by all schedules, who is next, and which gaps lie ahead."""
    standings = overview.standings(now())
    shown = [shift for standing in standings for shift in (standing.now, standing.next) if shift]
    return render_template(
        "oncall/index.html",
        standings=standings,
        teams={team.id: team.name for team in queries.teams()},
        names=queries.names({person for shift in shown for person in shift.people}),
        may_change=may_change(),
    )


@bp.get("/<int:schedule_id>")
@requires(Role.VIEWER)
def show(schedule_id: int) -> ResponseReturnValue:
    """Show one schedule: who has it now and next, its calendar, shifts, overrides and layers."""
    schedule = queries.get(schedule_id)
    moment = now()
    page = week.page(schedule, moment, request.args.get("view"), request.args.get("start"))
    layers_now = queries.current_layers(schedule_id)
    people = page.people | {person for layer in layers_now for turn in layer.turns for person in turn}
    return render_template(
        "oncall/show.html",
        schedule=schedule,
        standing=overview.standings(moment, [schedule])[0],
        team=queries.team(schedule.team_id) if schedule.team_id else None,
        page=page,
        layers=[(layer, queries.as_layer(layer)) for layer in layers_now],
        restriction=write_restriction,
        names=queries.names(people),
        now=moment,
        may_change=may_change(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new() -> ResponseReturnValue:
    """Make a schedule; its first layer is next."""
    form = ScheduleForm(zone=current_user.timezone)
    form.offer(queries.teams())
    schedule = form.outcome(lambda: service.create(form.plan(), actor=me()))
    if schedule is not None:
        flash("The schedule is there. Now say who takes turns.", "ok")
        return redirect(url_for("oncall.new_layer", schedule_id=schedule.id), code=HTTPStatus.SEE_OTHER)
    return render_template("oncall/schedule_form.html", form=form, schedule=None), form.http_status


@bp.route("/<int:schedule_id>/edit", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit(schedule_id: int) -> ResponseReturnValue:
    """Change a schedule's name, team or zone."""
    schedule = queries.get(schedule_id)
    form = ScheduleForm(data=of_schedule(schedule))
    form.offer(queries.teams())
    if form.outcome(lambda: service.change(schedule_id, form.plan(), actor=me())):
        flash("The schedule is changed.", "ok")
        return to(schedule_id)
    return render_template("oncall/schedule_form.html", form=form, schedule=schedule), form.http_status


@bp.post("/<int:schedule_id>/delete")
@requires(Role.RESPONDER)
def delete(schedule_id: int) -> ResponseReturnValue:
    """Delete a schedule."""
    service.delete(schedule_id, actor=me())
    flash("The schedule is deleted.", "ok")
    return redirect(url_for("oncall.index"), code=HTTPStatus.SEE_OTHER)
