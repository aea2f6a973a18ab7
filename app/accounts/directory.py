"""Looking people up."""

from sqlalchemy import select

from app import paging
from app.records.accounts import Role, User, UserStatus


def page(
    *, email: str, role: Role | None, status: UserStatus | None, after: str | None, limit: int
) -> paging.Page[User]:
    """Return users, newest first, that come after the cursor ``after``; ``email`` is a whole address.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(User)
    if email:
        statement = statement.where(User.email == email.strip().lower())
    if role:
        statement = statement.where(User.role == role)
    if status:
        statement = statement.where(User.status == status)
    return paging.newest_first(statement, User.id, after=after, limit=limit)
