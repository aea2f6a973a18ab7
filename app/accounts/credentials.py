"""A person's credentials: what opens the account, and how all of it ends at once."""

from sqlalchemy import delete

from app.accounts import sessions, tokens
from app.accounts.factors import service as factors
from app.database import transaction
from app.extensions import db
from app.records.accounts import PasswordReset, User


def end_access(user: User) -> None:
    """End the sessions, API tokens and open reset links of a person; the ways to log in stay."""
    with transaction():
        sessions.sign_out_everywhere(user.id)
        tokens.revoke_all(user.id)
        db.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))


def end_all(user: User) -> None:
    """End every credential of a person: what ``end_access`` ends, and each way to log in that is kept here.

    Whoever adds a kind of credential (a second factor, a passkey) ends it here too.
    """
    with transaction():
        end_access(user)
        factors.forget(user.id)
        user.password_hash, user.password_expires_at = None, None
