"""Who did something: a person, the automation, or the system itself."""

from dataclasses import dataclass
from enum import StrEnum

from app.accounts.models import User


class ActorKind(StrEnum):
    """The three kinds of actor a timeline knows."""

    PERSON = "person"
    AUTOMATION = "automation"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """The author of a change. ``user_id`` is set for people only."""

    kind: ActorKind
    name: str
    user_id: int | None = None

    @classmethod
    def person(cls, user: User) -> "Actor":
        """Return the actor for a signed-in user."""
        return cls(ActorKind.PERSON, user.name, user.id)


AUTOMATION = Actor(ActorKind.AUTOMATION, "Automation")
ALERTING = Actor(ActorKind.SYSTEM, "Alertmanager")
SYSTEM = Actor(ActorKind.SYSTEM, "OIMS")
