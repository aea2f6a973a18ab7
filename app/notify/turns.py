"""Whose turn it is: messages to one contact method or webhook don't overtake each other."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from app.records.channels import Channel
from app.records.outbox import MailState, OutboxMessage

UNSENT = (MailState.WAITING, MailState.SENDING)


def is_its_turn(channel: Channel) -> Sequence[ColumnElement[bool]]:
    """Return what must be true of the message to claim.

    A webhook gets everything in the order of writing: nothing leaves before what was written earlier. To a
    contact method nothing leaves while an earlier message is being sent or tried again: a service that is
    away is asked with one message, not with all that wait.
    """
    if channel is Channel.MAIL:
        return ()
    earlier = aliased(OutboxMessage)
    if channel is Channel.WEBHOOK:
        before = select(earlier.id).where(
            earlier.hook_id == OutboxMessage.hook_id,
            earlier.id < OutboxMessage.id,
            earlier.state.in_(UNSENT),
        )
    else:
        before = select(earlier.id).where(
            earlier.method_id == OutboxMessage.method_id,
            earlier.id < OutboxMessage.id,
            or_(
                earlier.state == MailState.SENDING,
                and_(earlier.state == MailState.WAITING, earlier.attempts > 0),
            ),
        )
    return (~before.exists(),)
