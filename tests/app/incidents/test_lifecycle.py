"""The life of an incident: the whole table, and random walks through the use cases."""

from itertools import product
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.errors import InvalidTransition
from app.incidents import queries, service
from app.records.accounts import User
from app.records.actors import Actor
from app.records.incidents import EventKind
from app.records.lifecycle import ALLOWED, Action, State, actions_for, transition
from app.severities import Severity

TABLE = {
    State.OPEN: {
        Action.ACKNOWLEDGE: State.ACKNOWLEDGED,
        Action.ASSIGN: State.OPEN,
        Action.COMMENT: State.OPEN,
        Action.ESCALATE: State.OPEN,
        Action.CHANGE_SEVERITY: State.OPEN,
        Action.RESOLVE: State.RESOLVED,
    },
    State.ACKNOWLEDGED: {
        Action.ASSIGN: State.ACKNOWLEDGED,
        Action.COMMENT: State.ACKNOWLEDGED,
        Action.ESCALATE: State.ACKNOWLEDGED,
        Action.CHANGE_SEVERITY: State.ACKNOWLEDGED,
        Action.RESOLVE: State.RESOLVED,
    },
    State.RESOLVED: {Action.COMMENT: State.RESOLVED, Action.REOPEN: State.OPEN},
}


@pytest.mark.parametrize(("state", "action"), list(product(State, Action)))
def test_it_allows_exactly_what_the_table_says(state: State, action: Action) -> None:
    expected = TABLE[state].get(action)
    assert (action in actions_for(state)) is (expected is not None)
    if expected is not None:
        assert transition(state, action) is expected
        return
    with pytest.raises(InvalidTransition, match=f"This incident is {state} and can't be"):
        transition(state, action)


def test_every_state_can_be_left_and_reached() -> None:
    assert {start for start, _ in ALLOWED} == set(State)
    assert set(ALLOWED.values()) == set(State)


class Walk(RuleBasedStateMachine):
    """Any order of actions: the incident follows the table, and the timeline tells each change once."""

    app: Flask
    actor: Actor
    people: tuple[int, ...]

    def __init__(self) -> None:
        super().__init__()
        incident = service.create(title="Disk full", severity=Severity.HIGH, actor=self.actor)
        self.id = incident.id
        self.state = State.OPEN
        self.version = 1
        self.told = [EventKind.OPENED]

    def act(self, action: Action, kind: EventKind, **arguments: Any) -> None:
        verb = getattr(service, action.value)
        if action not in TABLE[self.state]:
            with pytest.raises(InvalidTransition):
                verb(self.id, actor=self.actor, **arguments)
            return
        incident = verb(self.id, actor=self.actor, version=self.version, **arguments)
        self.state = TABLE[self.state][action]
        self.version = incident.version
        self.told.append(kind)

    @rule()
    def acknowledge(self) -> None:
        self.act(Action.ACKNOWLEDGE, EventKind.ACKNOWLEDGED)

    @rule(data=st.data())
    def assign(self, data: st.DataObject) -> None:
        owner = queries.get(self.id).owner_id
        other = data.draw(st.sampled_from([person for person in (None, *self.people) if person != owner]))
        self.act(Action.ASSIGN, EventKind.ASSIGNED, owner_id=other)

    @rule(body=st.text(min_size=1).filter(lambda text: any(c.isprintable() and c != " " for c in text)))
    def comment(self, body: str) -> None:
        self.act(Action.COMMENT, EventKind.COMMENTED, body="Seen: " + body)

    @rule(reason=st.text(max_size=50))
    def escalate(self, reason: str) -> None:
        self.act(Action.ESCALATE, EventKind.ESCALATED, reason=reason)

    @rule(data=st.data())
    def change_severity(self, data: st.DataObject) -> None:
        now = queries.get(self.id).severity
        severity = data.draw(st.sampled_from([value for value in Severity if value is not now]))
        self.act(Action.CHANGE_SEVERITY, EventKind.SEVERITY_CHANGED, severity=severity)

    @rule()
    def resolve(self) -> None:
        self.act(Action.RESOLVE, EventKind.RESOLVED)

    @precondition(lambda self: self.state is State.RESOLVED)
    @rule()
    def reopen(self) -> None:
        self.act(Action.REOPEN, EventKind.REOPENED)

    @invariant()
    def the_record_agrees(self) -> None:
        incident = queries.get(self.id)
        assert incident.state is self.state
        assert (incident.resolved_at is not None) is (self.state is State.RESOLVED)
        assert [event.kind for event in queries.timeline_page(self.id, limit=200).items] == self.told


@pytest.fixture
def walk(app: Flask, alice: User, bob: User) -> type[Walk]:
    return type("Walk", (Walk,), {"app": app, "actor": Actor.person(alice), "people": (alice.id, bob.id)})


def test_any_order_of_actions_follows_the_table_and_is_told_once(walk: type[Walk]) -> None:
    run_state_machine_as_test(
        walk,
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
