"""Where a second factor is demanded: of roles, of changes to factors, and of approvals."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import proof
from app.accounts.factors import service
from app.clock import now
from app.config import Settings
from app.errors import Forbidden

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


class SecondFactorNeeded(Forbidden):
    """The act needs a second factor that was proved in this session, not long ago."""

    title = "Second factor needed"


def detour() -> str | None:
    """Return where the current person is sent instead of where they want to go; nothing lets them through."""
    if current_user.factor_at is not None or not service.is_required(current_user, settings()):
        return None
    has_one = service.has_any(current_user.id)
    if request.endpoint in (PROVE if has_one else SET_UP):
        return None
    return "second_step.show" if has_one else "factors.show"


def check_approval(factor_at: datetime | None) -> None:
    """Let an approval happen where OIMS_APPROVALS_NEED_SECOND_FACTOR allows it.

    ``factor_at`` is when the person proved a second factor in the session in which they approve.

    Raises:
        SecondFactorNeeded: that was too long ago, or never.

    """
    if settings().approvals_need_second_factor and not is_recent(factor_at):
        raise SecondFactorNeeded("Approving a run needs your second factor. Confirm it, then approve again.")


def is_recent(factor_at: datetime | None) -> bool:
    """Say whether a proof is young enough for a dangerous act.

    One from the future, after the clock was set back, is none: nobody knows how old it is.
    """
    return factor_at is not None and timedelta(0) <= now() - factor_at <= proof.RECENT


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


def settings() -> Settings:
    """Return the app's settings."""
    found: Settings = current_app.config["SETTINGS"]
    return found
