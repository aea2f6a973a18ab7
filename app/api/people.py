"""Who can own incidents, and who is asking."""

from app.accounts import directory, service
from app.api.auth import current_token
from app.api.operations import operation
from app.api.schemas.base import ListOf, Person
from app.api.schemas.people import TokenOut, UserOut, UserQuery
from app.records.accounts import Scope


@operation("GET", "/users", scope=Scope.READ, query=UserQuery, answers=ListOf[UserOut])
def list_users(*, query: UserQuery) -> ListOf[UserOut]:
    """List users, newest first."""
    page = directory.page(
        email=query.email, role=query.role, status=query.status, after=query.cursor, limit=query.limit
    )
    return ListOf[UserOut](items=[UserOut.of(user) for user in page.items], next=page.next)


@operation("GET", "/token", scope=Scope.READ, answers=TokenOut)
def show_token() -> TokenOut:
    """Show the token of this request: its scopes, and the user it acts for."""
    token = current_token()
    user = None if token.created_by_id is None else service.get(token.created_by_id)
    return TokenOut(
        name=token.name,
        scopes=[Scope(scope) for scope in token.scopes],
        user=Person(id=user.id, name=user.name) if user else None,
        expires_at=token.expires_at,
    )
