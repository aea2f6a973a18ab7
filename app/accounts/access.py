"""Who may reach a view, declared at the view. What declares nothing opens to nobody."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from app.records.accounts import Role

_MARK = "oims_access"


class Hurdle(Enum):
    """What stands between a person who has logged in and the rest of the app."""

    INITIAL_PASSWORD = auto()
    """The password was given by somebody else, and must be changed."""
    FACTOR_MISSING = auto()
    """The role needs a second factor, and the person has none."""
    FACTOR_UNPROVED = auto()
    """The person has a second factor, and has not proved it in this session."""


@dataclass(frozen=True)
class Access:
    """What a view asks of those who reach it."""

    look: Role | None
    """The least role to look; none: nobody has to log in."""
    change: Role | None
    """The least role for requests that change something."""
    before: frozenset[Hurdle] = frozenset()
    """The hurdles before which the view opens all the same."""


def public[**P, R](view: Callable[P, R]) -> Callable[P, R]:
    """Let anybody reach the view, logged in or not."""
    return _marked(view, Access(None, None))


def requires[**P, R](
    role: Role, *, change: Role | None = None, before: Iterable[Hurdle] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let people with ``role`` or more reach the view; requests that change something may need ``change``."""
    access = Access(role, change or role, frozenset(before))
    return lambda view: _marked(view, access)


def of(view: Callable[..., Any]) -> Access | None:
    """Return what a view declares, if it declares anything."""
    found: Access | None = getattr(view, _MARK, None)
    return found


def _marked[**P, R](view: Callable[P, R], access: Access) -> Callable[P, R]:
    setattr(view, _MARK, access)
    return view
