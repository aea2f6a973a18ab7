"""Who did something: a person, the automation, or the system itself."""

from dataclasses import dataclass
from enum import StrEnum

from app.records.accounts import User


class ActorKind(StrEnum):
    """The three kinds of actor a timeline knows."""

    PERSON = "person"
    AUTOMATION = "automation"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """The author of a change. ``user_id`` and ``email`` are set for people only.

    A name is chosen by its person and may change; the account's id and address say who it was.
    """

    kind: ActorKind
    name: str
    user_id: int | None = None
    email: str | None = None

    @classmethod
    def person(cls, user: User) -> "Actor":
        """Return the actor for a signed-in user."""
        return cls(ActorKind.PERSON, user.name, user.id, user.email)


AUTOMATION = Actor(ActorKind.AUTOMATION, "Automation")
ALERTING = Actor(ActorKind.SYSTEM, "Alertmanager")
SYSTEM = Actor(ActorKind.SYSTEM, "OIMS")
COMMAND_LINE = Actor(ActorKind.SYSTEM, "command line")
SETTINGS = Actor(ActorKind.SYSTEM, "settings")
SINGLE_SIGN_ON = Actor(ActorKind.SYSTEM, "single sign-on")
SOMEBODY = Actor(ActorKind.SYSTEM, "somebody")
"""Who is not logged in."""
