"""Pages of heartbeats: the list, one heartbeat with its last pings, and the forms."""

from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.heartbeats import queries, service
from app.records.accounts import Role
from app.records.heartbeats import Beat
from app.web.heartbeats import bars
from app.web.heartbeats.forms import HeartbeatForm, of
from app.web.pages import zone
from app.web.reader import may_change, me

bp = Blueprint("heartbeats", __name__, url_prefix="/heartbeats")


@bp.get("")
@requires(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show all heartbeats, those that are down first."""
    order = [Beat.DOWN, Beat.LATE, Beat.NEW, Beat.UP, Beat.PAUSED]
    found = sorted(queries.everything(), key=lambda heartbeat: order.index(heartbeat.state))
    return render_template(
        "heartbeats/index.html", heartbeats=found, counts=queries.counts(), may_change=may_change()
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def new() -> ResponseReturnValue:
    """Have a job watched."""
    form = HeartbeatForm(zone=current_user.timezone)
    heartbeat = form.outcome(lambda: service.create(form.plan(), actor=me()))
    if heartbeat is not None:
        flash("The heartbeat is waiting for its first ping.", "ok")
        return _to(heartbeat.id)
    return render_template("heartbeats/form.html", form=form, heartbeat=None), form.http_status


@bp.get("/<int:heartbeat_id>")
@requires(Role.VIEWER)
def show(heartbeat_id: int) -> ResponseReturnValue:
    """Show one heartbeat; its address only to those who may change it."""
    heartbeat = queries.get(heartbeat_id)
    pings = queries.pings(heartbeat_id)
    secret = service.secret_of(heartbeat) if may_change() else ""
    return render_template(
        "heartbeats/show.html",
        heartbeat=heartbeat,
        pings=pings,
        bars=bars.draw(pings, zone()),
        bars_in_words=bars.describe(pings),
        address=f"{current_app.config['SETTINGS'].base_url}/ping/{secret}" if secret else "",
        may_change=may_change(),
    )


@bp.route("/<int:heartbeat_id>/edit", methods=["GET", "POST"])
@requires(Role.RESPONDER)
def edit(heartbeat_id: int) -> ResponseReturnValue:
    """Change how a job is watched."""
    heartbeat = queries.get(heartbeat_id)
    form = HeartbeatForm(data=of(heartbeat))
    if form.outcome(lambda: service.change(heartbeat_id, form.plan(), actor=me())):
        flash("The heartbeat is changed.", "ok")
        return _to(heartbeat_id)
    return render_template("heartbeats/form.html", form=form, heartbeat=heartbeat), form.http_status


@bp.post("/<int:heartbeat_id>/pause")
@requires(Role.RESPONDER)
def pause(heartbeat_id: int) -> ResponseReturnValue:
    """Expect no pings for now."""
    service.pause(heartbeat_id, actor=me())
    flash("The heartbeat is paused: nobody is told of missing pings.", "ok")
    return _to(heartbeat_id)


@bp.post("/<int:heartbeat_id>/resume")
@requires(Role.RESPONDER)
def resume(heartbeat_id: int) -> ResponseReturnValue:
    """Expect pings again."""
    service.resume(heartbeat_id, actor=me())
    flash("Pings are expected again.", "ok")
    return _to(heartbeat_id)


@bp.post("/<int:heartbeat_id>/renew")
@requires(Role.RESPONDER)
def renew(heartbeat_id: int) -> ResponseReturnValue:
    """Give the heartbeat a new address."""
    service.renew(heartbeat_id, actor=me())
    flash("The heartbeat has a new address. The old one is unknown from now on.", "ok")
    return _to(heartbeat_id)


@bp.post("/<int:heartbeat_id>/delete")
@requires(Role.RESPONDER)
def delete(heartbeat_id: int) -> ResponseReturnValue:
    """Forget the heartbeat."""
    service.delete(heartbeat_id, actor=me())
    flash("The heartbeat is deleted.", "ok")
    return redirect(url_for("heartbeats.index"), code=HTTPStatus.SEE_OTHER)


def _to(heartbeat_id: int) -> ResponseReturnValue:
    return redirect(url_for("heartbeats.show", heartbeat_id=heartbeat_id), code=HTTPStatus.SEE_OTHER)
