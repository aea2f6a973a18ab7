"""What a person chose to hear of."""

from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, EnumText
from app.severities import Severity


class Topic(StrEnum):
    """What can be chosen. That an incident was assigned to a person is always told, so it is not here."""

    OPENED = "opened"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    GAVE_UP = "gave_up"


NEWS = (Topic.OPENED, Topic.RESOLVED)
"""What nobody has to act on at once: may be collected, and left by one click in a mail."""


class Reach(StrEnum):
    """Whose incidents a person hears of."""

    CONCERNED = "concerned"
    """Those that are the person's own, or that the on-call lists bring."""
    EVERYTHING = "everything"


class Least(StrEnum):
    """From which severity on a topic is told."""

    ALL = "all"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"
    NEVER = "never"

    def includes(self, severity: Severity) -> bool:
        """Say whether an incident of this severity is told."""
        if self is Least.NEVER:
            return False
        worst_first = list(Severity)
        return self is Least.ALL or worst_first.index(severity) <= worst_first.index(Severity(self.value))


class MailSubscription(Base):
    """One person's choice; without a row, a person gets what ``standard`` says."""

    __tablename__ = "mail_subscriptions"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    reach: Mapped[Reach] = mapped_column(EnumText(Reach))
    opened: Mapped[Least] = mapped_column(EnumText(Least))
    resolved: Mapped[Least] = mapped_column(EnumText(Least))
    escalated: Mapped[Least] = mapped_column(EnumText(Least))
    gave_up: Mapped[Least] = mapped_column(EnumText(Least))
    is_collected: Mapped[bool] = mapped_column(comment="news comes in digests only")

    @classmethod
    def standard(cls, user_id: int) -> "MailSubscription":
        """Return the choice before any is made: everything about the incidents that concern the person."""
        everything = {topic.value: Least.ALL for topic in Topic}
        return cls(user_id=user_id, reach=Reach.CONCERNED, is_collected=False, **everything)

    def wants(self, topic: Topic, severity: Severity) -> bool:
        """Say whether the person wants to hear of this."""
        least: Least = getattr(self, topic.value)
        return least.includes(severity)
