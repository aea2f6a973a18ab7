"""By what a person wants to be told, and when: contact methods, rules for each urgency, quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.clock import now
from app.extensions import db
from app.records.accounts import User
from app.records.channels import ContactMethod, MethodKind, NotificationRule, QuietHours, Urgency

NAMES = {
    MethodKind.MAIL: "mail",
    MethodKind.WEB_PUSH: "browser",
    MethodKind.NTFY: "ntfy",
    MethodKind.PUSHOVER: "Pushover",
    MethodKind.GOTIFY: "Gotify",
    MethodKind.TELEGRAM: "Telegram",
    MethodKind.SLACK: "Slack",
    MethodKind.MATTERMOST: "Mattermost",
    MethodKind.TEAMS: "Teams",
    MethodKind.MATRIX: "Matrix",
    MethodKind.TWILIO: "SMS by Twilio",
    MethodKind.VONAGE: "SMS by Vonage",
    MethodKind.SIGNL4: "SIGNL4",
}
"""What people call the kinds of contact methods."""


@dataclass(frozen=True)
class Step:
    """By which method a person is told, and when; no method is mail."""

    method: ContactMethod | None
    at: datetime
    urgency: Urgency


def in_words(method: ContactMethod | None) -> str:
    """Return what a contact method is called: its name, and what it is."""
    return "mail" if method is None else f"{method.name} ({NAMES[method.kind]})"


def methods(user_id: int) -> Sequence[ContactMethod]:
    """Return a person's contact methods beside mail, the oldest first."""
    statement = select(ContactMethod).where(ContactMethod.user_id == user_id).order_by(ContactMethod.id)
    return db.session.scalars(statement).all()


def rules(user_id: int) -> Sequence[NotificationRule]:
    """Return a person's own rules, in the order in which they come."""
    statement = select(NotificationRule).where(NotificationRule.user_id == user_id)
    return db.session.scalars(statement.order_by(NotificationRule.after_s, NotificationRule.id)).all()


def steps(user: User, urgency: Urgency) -> Sequence[Step]:
    """Return when a person is told by what from now on, the first one first.

    Without rules of its own an urgency has the standard: high uses everything that is proved, at once, low
    uses mail. A rule whose method is not proved counts for nothing.
    """
    proved = {method.id: method for method in methods(user.id) if method.proved_at is not None}
    own = [rule for rule in rules(user.id) if rule.urgency is urgency]
    usable = [rule for rule in own if rule.method_id is None or rule.method_id in proved]
    begin = _begin(user, urgency)
    if usable:
        return [
            Step(proved.get(rule.method_id or 0), begin + timedelta(seconds=rule.after_s), urgency)
            for rule in usable
        ]
    more = proved.values() if urgency is Urgency.HIGH else ()
    return [Step(None, begin, urgency), *(Step(method, begin, urgency) for method in more)]


def _begin(user: User, urgency: Urgency) -> datetime:
    """Return when the first step comes: what is of low urgency waits for the end of the quiet hours."""
    moment = now()
    quiet = db.session.get(QuietHours, user.id) if urgency is Urgency.LOW else None
    return moment if quiet is None else after_quiet(quiet, moment, ZoneInfo(user.timezone))


def after_quiet(quiet: QuietHours, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return ``moment``, or the end of the quiet hours it lies in; they may go over midnight."""
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    begin, end = quiet.begin_minute, quiet.end_minute
    is_quiet = begin <= minute < end if begin <= end else minute >= begin or minute < end
    if not is_quiet:
        return moment
    day = local.date() + timedelta(days=1 if minute >= end else 0)
    wall = datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=end)
    return max(moment, wall.astimezone(moment.tzinfo))
