"""Log-ins between their two steps. The browser has no session yet, so every page treats it as a stranger."""

import hashlib
import secrets
from datetime import timedelta
from http import HTTPStatus

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import CursorResult, delete, inspect, select

from app.accounts import sessions
from app.accounts.factors import service
from app.clock import now
from app.database import transaction
from app.extensions import db
from app.records.accounts import Proof, User
from app.records.factors import PendingLogIn

VALID_FOR = timedelta(minutes=10)
COOKIE = "pending"


def admit(
    user: User, target: str, *, how: Proof = Proof.PASSWORD, has_second: bool = False
) -> ResponseReturnValue:
    """Let a person in who has proved the first factor, or lead them to the second step.

    Args:
        user: who it is.
        target: the page of this app they asked for.
        how: what the first factor was.
        has_second: single sign-on has asked for both factors already.

    """
    if not has_second and service.has_any(user.id):
        _begin(user, target, how)
        return redirect(url_for("second_step.show"), code=HTTPStatus.SEE_OTHER)
    sessions.sign_in(user, request, how=how, factor_at=now() if has_second else None)
    return redirect(target, code=HTTPStatus.SEE_OTHER)


def current() -> PendingLogIn | None:
    """Return this browser's log-in that waits for its second step, if it still may be finished."""
    token = session.get(COOKIE)
    if not token:
        return None
    found = db.session.scalar(
        select(PendingLogIn).where(PendingLogIn.token_hash == _digest(token), PendingLogIn.expires_at > now())
    )
    return found if found is not None and db.session.get_one(User, found.user_id).is_active else None


def end(pending: PendingLogIn) -> bool:
    """Use a waiting log-in up; False when another request has done it before."""
    # Its identity, not its id: another request may have deleted the row since it was read.
    (pending_id,) = inspect(pending).identity or (None,)
    with transaction():
        gone: CursorResult[None] = db.session.execute(  # type: ignore[assignment]
            delete(PendingLogIn).where(PendingLogIn.id == pending_id)
        )
    session.pop(COOKIE, None)
    return gone.rowcount == 1


def delete_ended() -> None:
    """Forget log-ins that were never finished."""
    with transaction():
        db.session.execute(delete(PendingLogIn).where(PendingLogIn.expires_at < now()))


def _begin(user: User, target: str, how: Proof) -> None:
    token = secrets.token_urlsafe(32)
    with transaction():
        db.session.add(
            PendingLogIn(
                token_hash=_digest(token),
                user_id=user.id,
                proved_by=how,
                target=target,
                expires_at=now() + VALID_FOR,
            )
        )
    session.clear()
    session[COOKIE] = token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
