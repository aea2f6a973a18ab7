"""How long a proof counts, and the approvals that need one of a second factor."""

from datetime import datetime, timedelta

from flask import current_app

from app.accounts.sessions import RECENT
from app.clock import now
from app.config import Settings
from app.errors import Forbidden


class SecondFactorNeeded(Forbidden):
    """The act needs a second factor that was proved in this session, not long ago."""

    title = "Second factor needed"


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
    return factor_at is not None and timedelta(0) <= now() - factor_at <= RECENT


def settings() -> Settings:
    """Return the app's settings."""
    found: Settings = current_app.config["SETTINGS"]
    return found
