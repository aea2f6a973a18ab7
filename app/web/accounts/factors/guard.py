"""Where a second factor is demanded: of roles, and of changes to factors."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.factors import service
from app.accounts.factors.recent import is_recent, settings
from app.web.accounts import proof

SET_UP = frozenset(
    {
        "factors.show",
        "factors.add_app",
        "factors.add_passkey",
        "factors.passkey_options",
        "accounts.logout",
        "profile.proved",
    }
)
"""All that a person can reach whose role needs a second factor and who has none."""
PROVE = frozenset({"accounts.logout"})
"""The same for who has one and has not proved it in this session, beside the second step itself."""


def detour() -> str | None:
    """Return where the current person is sent instead of where they want to go; nothing lets them through."""
    if current_user.factor_at is not None or not service.is_required(current_user, settings()):
        return None
    has_one = service.has_any(current_user.id)
    if request.endpoint in (PROVE if has_one else SET_UP):
        return None
    return "second_step.show" if has_one else "factors.show"


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
