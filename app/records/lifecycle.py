"""The life of an incident as data: states, actions, and what is allowed when."""

from enum import StrEnum

from app.errors import InvalidTransition


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    """Nobody has taken it yet."""
    ACKNOWLEDGED = "acknowledged"
    """A person is on it."""
    RESOLVED = "resolved"
    """It is over; it may be reopened."""


class Action(StrEnum):
    """What can be done to an incident."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    COMMENT = "comment"
    ESCALATE = "escalate"
    CHANGE_SEVERITY = "change_severity"
    RESOLVE = "resolve"
    REOPEN = "reopen"


ALLOWED: dict[tuple[State, Action], State] = {
    (State.OPEN, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.OPEN, Action.ASSIGN): State.OPEN,
    (State.OPEN, Action.COMMENT): State.OPEN,
    (State.OPEN, Action.ESCALATE): State.OPEN,
    (State.OPEN, Action.CHANGE_SEVERITY): State.OPEN,
    (State.OPEN, Action.RESOLVE): State.RESOLVED,
    (State.ACKNOWLEDGED, Action.ASSIGN): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Action.COMMENT): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Action.ESCALATE): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Action.CHANGE_SEVERITY): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Action.RESOLVE): State.RESOLVED,
    (State.RESOLVED, Action.COMMENT): State.RESOLVED,
    (State.RESOLVED, Action.REOPEN): State.OPEN,
}

_VERBS = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.ASSIGN: "assigned",
    Action.COMMENT: "commented on",
    Action.ESCALATE: "escalated",
    Action.CHANGE_SEVERITY: "given another severity",
    Action.RESOLVE: "resolved",
    Action.REOPEN: "reopened",
}


def transition(state: State, action: Action) -> State:
    """Return the state that ``action`` leads to.

    Raises:
        InvalidTransition: the action isn't possible in this state; the message says so in words.

    """
    try:
        return ALLOWED[state, action]
    except KeyError:
        raise InvalidTransition(f"This incident is {state} and can't be {_VERBS[action]} now.") from None


def actions_for(state: State) -> frozenset[Action]:
    """Return what can be done in ``state``; pages show exactly these buttons."""
    return frozenset(action for (start, action) in ALLOWED if start is state)
