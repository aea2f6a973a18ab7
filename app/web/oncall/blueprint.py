"""The blueprint that the modules of this folder add their pages to."""

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("oncall", __name__, url_prefix="/oncall")


def to(schedule_id: int) -> ResponseReturnValue:
    """Lead back to a schedule."""
    return redirect(url_for("oncall.show", schedule_id=schedule_id), code=HTTPStatus.SEE_OTHER)
