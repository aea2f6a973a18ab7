"""Who looks at the page, and what they may do."""

from flask_login import current_user

from app.records.accounts import Role
from app.records.actors import Actor


def me() -> Actor:
    """Return the reader as the author of a change."""
    return Actor.person(current_user)


def may_change() -> bool:
    """Say whether the reader may change what responders change."""
    return bool(current_user.role.includes(Role.RESPONDER))
