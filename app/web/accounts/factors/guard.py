"""Where a second factor is demanded: of roles, and of changes to factors."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import Hurdle
from app.accounts.factors import service
from app.accounts.factors.recent import is_recent, settings
from app.web.accounts import proof

DETOURS = {Hurdle.FACTOR_MISSING: "factors.show", Hurdle.FACTOR_UNPROVED: "second_step.show"}
"""Where a person is sent who is before a hurdle."""


def hurdle() -> Hurdle | None:
    """Return what the current person's second factor still lacks, if their role needs one."""
    if current_user.factor_at is not None or not service.is_required(current_user, settings()):
        return None
    return Hurdle.FACTOR_UNPROVED if service.has_any(current_user.id) else Hurdle.FACTOR_MISSING


def proved[**P](view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Ask for a recent proof of the second factor, or of the first one where a person has no second."""
    with_first = proof.requires_recent_proof(view)

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if service.has_any(current_user.id) and not is_recent(current_user.factor_at):
            target = (
                request.script_root + request.path if request.method == "GET" else url_for("factors.show")
            )
            return redirect(url_for("second_step.show", next=target), code=HTTPStatus.SEE_OTHER)
        return with_first(*args, **kwargs)

    return guarded
