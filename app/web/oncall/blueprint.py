"""The blueprint that the modules of this folder add their pages to."""

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.records.accounts import Role
from app.records.actors import Actor
from app.web.forms import Form

bp = Blueprint("oncall", __name__, url_prefix="/oncall")


def me() -> Actor:
    """Return who asks."""
    return Actor.person(current_user)


def may_change() -> bool:
    """Say whether who asks may change schedules and take shifts."""
    return bool(current_user.role.includes(Role.RESPONDER))


def to(schedule_id: int) -> ResponseReturnValue:
    """Lead back to a schedule."""
    return redirect(url_for("oncall.show", schedule_id=schedule_id), code=HTTPStatus.SEE_OTHER)


def status(form: Form) -> HTTPStatus:
    """Return the status of a page with a form: something may be wrong with it."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
