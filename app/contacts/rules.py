"""When a person is told by what: rules for each urgency, and quiet hours."""

from sqlalchemy import delete, select

from app.database import transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.notify import preferences
from app.records import audit
from app.records.accounts import User
from app.records.actors import Actor
from app.records.channel_entries import RulesChosen
from app.records.channels import NotificationRule, QuietHours, Urgency
from contract import limits

LONGEST_S = 24 * 3600
DAY_MINUTES = 24 * 60


def add(user: User, *, urgency: Urgency, method_id: int | None, after_s: int) -> NotificationRule:
    """Add a step: so long after there is something to tell, the person is told by this method; none is mail.

    Raises:
        InvalidInput: the method is not proved, the time is too long, or there are too many.

    """
    if not 0 <= after_s <= LONGEST_S:
        raise InvalidInput("Wait at most 24h.", [{"field": "after", "message": "Wait at most 24h."}])
    with transaction():
        _check_method(user, method_id)
        mine = [rule for rule in preferences.rules(user.id) if rule.urgency is urgency]
        if len(mine) >= limits.RULES:
            raise InvalidInput(f"There can be at most {limits.RULES} rules for each urgency.")
        rule = NotificationRule(user_id=user.id, urgency=urgency, method_id=method_id, after_s=after_s)
        db.session.add(rule)
        _record(user, f"{user.email} added a rule for {urgency} urgency.")
    return rule


def remove(user: User, rule_id: int) -> None:
    """Remove a step.

    Raises:
        NotFound: the person has no such rule.

    """
    with transaction():
        rule = next((rule for rule in preferences.rules(user.id) if rule.id == rule_id), None)
        if rule is None:
            raise NotFound("You have no such rule.")
        _record(user, f"{user.email} removed a rule for {rule.urgency} urgency.")
        db.session.delete(rule)


def quiet(user_id: int) -> QuietHours | None:
    """Return a person's quiet hours, or nothing."""
    return db.session.scalar(select(QuietHours).where(QuietHours.user_id == user_id))


def keep_quiet(user: User, *, begin_minute: int, end_minute: int) -> None:
    """Let what is of low urgency wait in this part of the day; the same begin and end is no part of it."""
    with transaction():
        db.session.execute(delete(QuietHours).where(QuietHours.user_id == user.id))
        if begin_minute != end_minute:
            hours = QuietHours(
                user_id=user.id,
                begin_minute=begin_minute % DAY_MINUTES,
                end_minute=end_minute % DAY_MINUTES,
            )
            db.session.add(hours)
        _record(user, f"{user.email} changed the quiet hours.")


def _check_method(user: User, method_id: int | None) -> None:
    proved = {method.id for method in preferences.methods(user.id) if method.proved_at is not None}
    if method_id is not None and method_id not in proved:
        message = "Choose mail, or a contact method that is proved."
        raise InvalidInput(message, [{"field": "method", "message": message}])


def _record(user: User, summary: str) -> None:
    audit.record(RulesChosen(user_id=user.id), Actor.person(user), summary)
