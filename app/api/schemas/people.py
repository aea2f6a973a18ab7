"""Users and the caller itself, as the API gives them."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.api.schemas.base import Page, Person, Time, Word
from app.records.accounts import Role, Scope, User, UserStatus


class UserQuery(Page):
    """Which users."""

    email: Annotated[Word, Field(description="The whole address; addresses themselves are not listed.")] = ""
    role: Role | None = None
    status: UserStatus | None = None


class UserOut(Person):
    """A user; who is active and a responder or administrator can own incidents."""

    role: Role
    status: UserStatus

    @classmethod
    def of(cls, user: User) -> "UserOut":
        """Return the user as the API shows them."""
        return cls(id=user.id, name=user.name, role=user.role, status=user.status)


class TokenOut(BaseModel):
    """The token of this request, and whose it is."""

    name: str
    scopes: list[Scope]
    user: Person | None
    expires_at: Time | None
