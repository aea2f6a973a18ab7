"""Whatever names a person also keeps the account's id and address: the name is the person's to change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import invitations, service, tokens
from app.automation import control
from app.clock import now
from app.extensions import db
from app.maintenance import service as maintenance
from app.records.accounts import Invitation, Role, Scope, User
from app.records.actors import SYSTEM, Actor
from app.records.automation import AutomationControl
from app.records.maintenance import MaintenanceWindow


def plan(actor: Actor) -> MaintenanceWindow:
    return maintenance.plan(
        comment="Moving the database",
        matchers="service=shop",
        starts_at=now(),
        ends_at=now() + timedelta(hours=1),
        actor=actor,
    )


def kept(row: object, name: str) -> tuple[object, ...]:
    return tuple(getattr(row, name + ending) for ending in ("", "_id", "_email"))


def maintenance_planned(actor: Actor) -> tuple[object, ...]:
    return kept(plan(actor), "created_by")


def maintenance_ended(actor: Actor) -> tuple[object, ...]:
    return kept(maintenance.end(plan(SYSTEM).id, actor=actor), "ended_by")


def invited(actor: Actor) -> tuple[object, ...]:
    made = invitations.invite(email="carol@example.org", role=Role.VIEWER, by=actor)
    return kept(made.invitation, "invited_by")


def automation_paused(actor: Actor) -> tuple[object, ...]:
    control.pause(actor=actor, reason="")
    return kept(db.session.get(AutomationControl, 1), "changed_by")


DEEDS = [maintenance_planned, maintenance_ended, invited, automation_paused]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.threat("T35")
def test_a_deed_keeps_the_account_of_who_did_it(
    alice: User, deed: Callable[[Actor], tuple[object, ...]]
) -> None:
    assert deed(Actor.person(alice)) == ("Alice", alice.id, "alice@example.org")


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("deed", DEEDS)
def test_what_the_system_does_is_of_no_account(deed: Callable[[Actor], tuple[object, ...]]) -> None:
    assert deed(SYSTEM) == ("OIMS", None, None)


@pytest.mark.usefixtures("context")
def test_who_registers_was_invited_by_nobody() -> None:
    invitations.register(email="carol@example.org", address="127.0.0.1")
    assert kept(db.session.query(Invitation).one(), "invited_by") == ("", None, None)


@pytest.mark.threat("T35")
def test_the_api_tells_the_account_beside_the_name(app: Flask, client: FlaskClient, alice: User) -> None:
    made = tokens.create(name="hers", scopes=[Scope.WRITE], by=Actor.person(alice), user_id=alice.id)
    headers = {"Authorization": f"Bearer {made.secret}"}
    window = plan(Actor.person(alice))
    service.change_profile(alice.id, name="Alice B.", timezone="UTC")
    answer = client.post(f"/api/v1/maintenance/{window.id}/end", json={}, headers=headers)
    assert answer.status_code == 200
    named = {key: answer.json[key] for key in ("by", "by_id", "ended_by", "ended_by_id")}
    assert named == {"by": "Alice", "by_id": alice.id, "ended_by": "Alice B.", "ended_by_id": alice.id}
    body = {"title": "Disk full", "severity": "high"}
    incident = client.post("/api/v1/incidents", json=body, headers=headers).json["id"]
    (event,) = client.get(f"/api/v1/incidents/{incident}/timeline", headers=headers).json["items"]
    assert event["actor"] == {"kind": "person", "name": "Alice B.", "id": alice.id}
