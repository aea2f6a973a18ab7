"""The form in which a person chooses mails."""

from collections.abc import Mapping

from wtforms import SelectField
from wtforms.fields import SelectChoice

from app.records.subscriptions import Least, MailSubscription, Reach, Topic
from app.web.forms import Form

LEAST = {
    Least.ALL: "Every severity",
    Least.MEDIUM: "Medium and worse",
    Least.HIGH: "High and worse",
    Least.CRITICAL: "Critical only",
    Least.NEVER: "Never",
}
REACH = {
    Reach.CONCERNED: "Mine, and those I'm on call for",
    Reach.EVERYTHING: "All incidents",
}
COLLECTED = {"": "Right away, one mail each", "yes": "Together, in digests"}
TOPICS = {
    Topic.OPENED: "An incident opens or reopens",
    Topic.RESOLVED: "An incident is resolved, or repaired by automation",
    Topic.ESCALATED: "Someone escalates an incident",
    Topic.GAVE_UP: "Automation can't repair an incident",
}
"""What happened to an incident, as a sentence."""


def _severity(topic: Topic) -> SelectField:
    return SelectField(
        TOPICS[topic], choices=[SelectChoice(value.value, word) for value, word in LEAST.items()]
    )


class SubscriptionForm(Form):
    """Which incidents, which of their news, from which severity on, and how."""

    reach = SelectField(
        "Incidents", choices=[SelectChoice(value.value, word) for value, word in REACH.items()]
    )
    opened = _severity(Topic.OPENED)
    resolved = _severity(Topic.RESOLVED)
    escalated = _severity(Topic.ESCALATED)
    gave_up = _severity(Topic.GAVE_UP)
    collected = SelectField(
        "Openings and ends", choices=[SelectChoice(value, word) for value, word in COLLECTED.items()]
    )

    @classmethod
    def showing(cls, chosen: MailSubscription) -> "SubscriptionForm":
        """Return the form as it is first shown."""
        return cls(
            reach=chosen.reach.value,
            collected="yes" if chosen.is_collected else "",
            **{topic.value: getattr(chosen, topic.value).value for topic in Topic},
        )

    @property
    def least(self) -> Mapping[Topic, Least]:
        """Return the chosen severities."""
        return {topic: Least(self[topic.value].data) for topic in Topic}
