"""What a reverse proxy asks before it lets a request to Prometheus or Alertmanager through.

nginx and its like call this an auth subrequest: 204 lets the person in, 401 leads to `enter`, 403 refuses.
"""

from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.records.accounts import Role
from app.web.pages import local_path

bp = Blueprint("subrequest", __name__, url_prefix="/session")


def _add_check(least: Role) -> None:
    """Add the address that says whether the caller's session has a role; the guard of every page decides."""

    @bp.get(f"/{least}", endpoint=str(least))
    @requires(least)
    def check() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)


for role in Role:
    _add_check(role)


@bp.get("/enter")
@requires(Role.VIEWER)
def enter() -> ResponseReturnValue:
    """Bring a person back to where the proxy stopped them, after the log-in and whatever comes before it."""
    return redirect(local_path(request.args.get("next")), code=HTTPStatus.SEE_OTHER)
