"""The maintenance page: what is held now, what is coming, what was, and the form for a new window."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.clock import now
from app.maintenance import queries, service
from app.records.accounts import Role
from app.records.maintenance import MaintenanceWindow
from app.web.maintenance import calendar
from app.web.maintenance.forms import WindowForm
from app.web.reader import may_change, me

bp = Blueprint("maintenance", __name__, url_prefix="/maintenance")


@bp.route("", methods=["GET", "POST"])
@requires(Role.VIEWER, change=Role.RESPONDER)
def index() -> ResponseReturnValue:
    """Show all windows; plan a new one."""
    form = WindowForm()
    if form.outcome(lambda: _plan(form)):
        flash("The maintenance is planned.", "ok")
        return redirect(url_for("maintenance.index"), code=HTTPStatus.SEE_OTHER)
    moment = now()
    windows = queries.unended(moment)
    stretches = [(window, window.next(moment)) for window in windows]
    page = render_template(
        "maintenance/index.html",
        form=form,
        running=[(window, found) for window, found in stretches if found and found.starts_at <= moment],
        coming=[(window, found) for window, found in stretches if found and found.starts_at > moment],
        days=calendar.DAYS,
        weeks=calendar.weeks(windows, moment, current_user.timezone) if windows else (),
        past=queries.past(after=request.args.get("after")),
        may_change=may_change(),
    )
    return page, form.http_status


@bp.post("/<int:window_id>/end")
@requires(Role.RESPONDER)
def end(window_id: int) -> ResponseReturnValue:
    """End a window now, or call it off."""
    service.end(window_id, actor=me())
    flash("The maintenance is over. Mails it held back are on their way.", "ok")
    return redirect(url_for("maintenance.index"), code=HTTPStatus.SEE_OTHER)


def _plan(form: WindowForm) -> MaintenanceWindow:
    zone = current_user.timezone
    starts_at, ends_at = form.stretch(now(), zone)
    return service.plan(
        comment=form.comment.data or "",
        matchers=form.matchers.data or "",
        starts_at=starts_at,
        ends_at=ends_at,
        until=form.until(zone),
        zone=zone,
        actor=me(),
    )
