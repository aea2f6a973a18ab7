"""Reading and changing what a person hears of, also by the link in a mail."""

from collections.abc import Mapping, Sequence

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from app.database import transaction
from app.errors import NotFound
from app.extensions import db
from app.records import audit
from app.records.account_entries import MailsChosen
from app.records.accounts import User
from app.records.actors import Actor
from app.records.subscriptions import NEWS, Least, MailSubscription, Reach, Topic

SALT = "mail-unsubscribe"
DEAD = "This link leads nowhere. Log in and choose your mails on your profile."


def of(user_id: int) -> MailSubscription:
    """Return what a person chose, or what everybody starts with."""
    return db.session.get(MailSubscription, user_id) or MailSubscription.standard(user_id)


def choose(user_id: int, *, reach: Reach, least: Mapping[Topic, Least], is_collected: bool) -> None:
    """Keep a person's choice; the audit trail tells it, so that a mail that was not sent can be explained."""
    with transaction():
        chosen = db.session.merge(of(user_id))
        chosen.reach = reach
        chosen.is_collected = is_collected
        for topic, value in least.items():
            setattr(chosen, topic.value, value)
        _record(db.session.get_one(User, user_id), chosen)


def link(user_id: int, topics: Sequence[Topic]) -> str:
    """Return the address that takes these topics off a person's mails, without a log-in.

    It has no end, as mails have none; all it can do is to switch these topics off.
    """
    token = _serializer().dumps([user_id, [topic.value for topic in topics]])
    return f"{current_app.config['SETTINGS'].base_url}/unsubscribe/{token!s}"


def read(token: str) -> tuple[User, Sequence[Topic]]:
    """Return whose mails and which topics a link is about.

    Raises:
        NotFound: it is not one of ours, or the account is gone.

    """
    try:
        user_id, names = _serializer().loads(token)
        topics = [Topic(name) for name in names]
    except (BadSignature, ValueError, TypeError):
        raise NotFound(DEAD) from None
    user = db.session.get(User, user_id)
    if user is None or not set(topics) <= set(NEWS):
        raise NotFound(DEAD)
    return user, topics


def leave(token: str) -> tuple[User, Sequence[Topic]]:
    """Switch the link's topics off; doing it again changes nothing.

    Raises:
        NotFound: it is not one of ours, or the account is gone.

    """
    with transaction():
        user, topics = read(token)
        chosen = db.session.merge(of(user.id))
        if any(getattr(chosen, topic.value) is not Least.NEVER for topic in topics):
            for topic in topics:
                setattr(chosen, topic.value, Least.NEVER)
            _record(user, chosen)
    return user, topics


def _record(user: User, chosen: MailSubscription) -> None:
    told = ", ".join(f"{topic.replace('_', ' ')} {getattr(chosen, topic.value)}" for topic in Topic)
    what = "all incidents" if chosen.reach is Reach.EVERYTHING else "incidents that concern them"
    digest = "in digests" if chosen.is_collected else "one by one"
    summary = f"{user.email} chose mails about {what}: {told}; {digest}."
    audit.record(MailsChosen(user_id=user.id), Actor.person(user), summary)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=SALT)
