"""Heartbeats over the API."""

from http import HTTPStatus

from flask import current_app

from app.accounts import tokens
from app.api.auth import actor, current_token
from app.api.operations import operation
from app.api.schemas.base import ListOf, Nothing
from app.api.schemas.heartbeats import HeartbeatOut, HeartbeatPlan, PingOut
from app.heartbeats import queries, service
from app.records.accounts import Scope
from app.records.heartbeats import Heartbeat

ONE = "/heartbeats/<int:heartbeat_id>"


@operation("GET", "/heartbeats", scope=Scope.READ, answers=ListOf[HeartbeatOut])
def list_heartbeats() -> ListOf[HeartbeatOut]:
    """List all heartbeats by name, in one part."""
    return ListOf[HeartbeatOut](items=[_shown(heartbeat) for heartbeat in queries.everything()], next=None)


@operation(
    "POST",
    "/heartbeats",
    scope=Scope.WRITE,
    body=HeartbeatPlan,
    answers=HeartbeatOut,
    statuses=(HTTPStatus.CREATED,),
)
def create_heartbeat(*, body: HeartbeatPlan) -> HeartbeatOut:
    """Watch a job; nothing is overdue before its first ping."""
    return _shown(service.create(body.plan(), actor=actor()))


@operation("GET", ONE, scope=Scope.READ, answers=HeartbeatOut)
def get_heartbeat(*, heartbeat_id: int) -> HeartbeatOut:
    """Show one heartbeat."""
    return _shown(queries.get(heartbeat_id))


@operation("GET", f"{ONE}/pings", scope=Scope.READ, answers=ListOf[PingOut])
def list_pings(*, heartbeat_id: int) -> ListOf[PingOut]:
    """List the last pings of a heartbeat, newest first, in one part."""
    found = queries.pings(queries.get(heartbeat_id).id)
    return ListOf[PingOut](items=[PingOut.of(ping) for ping in found], next=None)


@operation("POST", ONE, scope=Scope.WRITE, body=HeartbeatPlan, answers=HeartbeatOut)
def change_heartbeat(*, heartbeat_id: int, body: HeartbeatPlan) -> HeartbeatOut:
    """Watch a job in another way; what is left out gets its default."""
    return _shown(service.change(heartbeat_id, body.plan(), actor=actor()))


@operation("POST", f"{ONE}/pause", scope=Scope.WRITE, body=Nothing, answers=HeartbeatOut)
def pause_heartbeat(*, heartbeat_id: int, body: Nothing) -> HeartbeatOut:
    """Expect no pings until the heartbeat is resumed."""
    del body
    return _shown(service.pause(heartbeat_id, actor=actor()))


@operation("POST", f"{ONE}/resume", scope=Scope.WRITE, body=Nothing, answers=HeartbeatOut)
def resume_heartbeat(*, heartbeat_id: int, body: Nothing) -> HeartbeatOut:
    """Expect pings again."""
    del body
    return _shown(service.resume(heartbeat_id, actor=actor()))


@operation("POST", f"{ONE}/renew", scope=Scope.WRITE, body=Nothing, answers=HeartbeatOut)
def renew_heartbeat(*, heartbeat_id: int, body: Nothing) -> HeartbeatOut:
    """Give a heartbeat a new ping address; the old one is unknown from then on."""
    del body
    return _shown(service.renew(heartbeat_id, actor=actor()))


@operation("POST", f"{ONE}/delete", scope=Scope.WRITE, body=Nothing, answers=HeartbeatOut)
def delete_heartbeat(*, heartbeat_id: int, body: Nothing) -> HeartbeatOut:
    """Forget a heartbeat and its pings; the answer is what it was."""
    del body
    shown = _shown(queries.get(heartbeat_id))
    service.delete(heartbeat_id, actor=actor())
    return shown


def _shown(heartbeat: Heartbeat) -> HeartbeatOut:
    """Return a heartbeat; its address is for those who may write."""
    secret = service.secret_of(heartbeat) if tokens.allows(current_token(), Scope.WRITE) else ""
    base = current_app.config["SETTINGS"].base_url
    return HeartbeatOut.of(heartbeat, f"{base}/ping/{secret}" if secret else None)
