"""Maintenance windows over the API."""

from http import HTTPStatus

from app.api.auth import actor
from app.api.operations import operation
from app.api.schemas.base import ListOf, Nothing
from app.api.schemas.maintenance import NewWindow, WindowOut, WindowQuery
from app.maintenance import queries, service
from app.records.accounts import Scope


@operation("GET", "/maintenance", scope=Scope.READ, query=WindowQuery, answers=ListOf[WindowOut])
def list_windows(*, query: WindowQuery) -> ListOf[WindowOut]:
    """List maintenance windows, newest first; those that are not over on request only."""
    if query.active:
        return ListOf[WindowOut](items=[WindowOut.of(window) for window in queries.unended()], next=None)
    page = queries.page(after=query.cursor, limit=query.limit)
    return ListOf[WindowOut](items=[WindowOut.of(window) for window in page.items], next=page.next)


@operation(
    "POST",
    "/maintenance",
    scope=Scope.WRITE,
    body=NewWindow,
    answers=WindowOut,
    statuses=(HTTPStatus.CREATED,),
)
def plan_window(*, body: NewWindow) -> WindowOut:
    """Plan maintenance: once, or each week with `until`."""
    window = service.plan(
        comment=body.comment,
        matchers="\n".join(body.matchers),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        until=body.until,
        zone=body.zone,
        actor=actor(),
    )
    return WindowOut.of(window)


@operation("GET", "/maintenance/<int:window_id>", scope=Scope.READ, answers=WindowOut)
def get_window(*, window_id: int) -> WindowOut:
    """Show one maintenance window."""
    return WindowOut.of(queries.get(window_id))


@operation("POST", "/maintenance/<int:window_id>/end", scope=Scope.WRITE, body=Nothing, answers=WindowOut)
def end_window(*, window_id: int, body: Nothing) -> WindowOut:
    """End maintenance now, or call it off; held mails go out."""
    del body
    return WindowOut.of(service.end(window_id, actor=actor()))
