"""Saved views: each person keeps their own."""

from http import HTTPStatus

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.errors import InvalidInput
from app.incidents import saved_views
from app.paging import MAX_ID
from app.records.accounts import Role
from app.web.incidents import forms
from app.web.incidents.page import bp


@bp.post("/views")
@requires(Role.VIEWER)
def keep_view() -> ResponseReturnValue:
    """Keep the list's filters under a name."""
    form = forms.ViewForm()
    query = form.query.data or ""
    if form.validate_on_submit():
        try:
            saved_views.keep(current_user.id, name=form.name.data or "", query=query)
        except InvalidInput as error:
            form.reject(error)
        else:
            flash("The view is saved.", "ok")
    for errors in form.errors.values():
        flash(" ".join(errors), "problem")
    return redirect(saved_views.read(query).url(), code=HTTPStatus.SEE_OTHER)


@bp.post("/views/<int:view_id>/remove")
@requires(Role.VIEWER)
def remove_view(view_id: int) -> ResponseReturnValue:
    """Remove one of one's own views."""
    if view_id <= MAX_ID:
        saved_views.forget(current_user.id, view_id)
    flash("The view is removed.", "ok")
    return redirect(url_for("incidents.index"), code=HTTPStatus.SEE_OTHER)
