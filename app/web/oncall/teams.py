"""Pages of teams."""

from http import HTTPStatus

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.accounts import service as accounts
from app.accounts.access import requires
from app.oncall import queries, service
from app.records.accounts import Role
from app.records.oncall import Team
from app.web.oncall.blueprint import bp
from app.web.oncall.forms import TeamForm, of_team
from app.web.reader import may_change, me


@bp.get("/teams")
@requires(Role.VIEWER)
def teams() -> ResponseReturnValue:
    """Show all teams with their members and schedules."""
    members = queries.members()
    schedules: dict[int, list[tuple[int, str]]] = {}
    for schedule in queries.everything():
        if schedule.team_id is not None:
            schedules.setdefault(schedule.team_id, []).append((schedule.id, schedule.name))
    return render_template(
        "oncall/teams.html",
        teams=queries.teams(),
        members=members,
        schedules=schedules,
        may_change=may_change(),
    )


@bp.route("/teams/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new_team() -> ResponseReturnValue:
    """Make a team."""
    form = TeamForm()
    form.offer(accounts.assignable())
    if form.outcome(lambda: service.create_team(form.plan(), actor=me())):
        flash("The team is there.", "ok")
        return _to_teams()
    return _page(form, None)


@bp.route("/teams/<int:team_id>/edit", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit_team(team_id: int) -> ResponseReturnValue:
    """Change a team's name, lead or members."""
    team = queries.team(team_id)
    people = accounts.assignable()
    lead = next((person for person in people if person.id == team.lead_id), None)
    own = set(queries.members_of(team_id))
    form = TeamForm(data=of_team(team, [person for person in people if person.id in own], lead))
    form.offer(people)
    if form.outcome(lambda: service.change_team(team_id, form.plan(), actor=me())):
        flash("The team is changed.", "ok")
        return _to_teams()
    return _page(form, team)


@bp.post("/teams/<int:team_id>/delete")
@requires(Role.RESPONDER)
def delete_team(team_id: int) -> ResponseReturnValue:
    """Delete a team; its schedules go on."""
    service.delete_team(team_id, actor=me())
    flash("The team is deleted.", "ok")
    return _to_teams()


def _page(form: TeamForm, team: Team | None) -> ResponseReturnValue:
    people = accounts.assignable()
    return render_template("oncall/team_form.html", form=form, team=team, people=people), form.http_status


def _to_teams() -> ResponseReturnValue:
    return redirect(url_for("oncall.teams"), code=HTTPStatus.SEE_OTHER)
