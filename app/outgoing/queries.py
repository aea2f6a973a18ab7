"""Reading outgoing webhooks and what was sent to them."""

from collections.abc import Sequence

from sqlalchemy import func, select

from app.errors import NotFound
from app.extensions import db
from app.paging import MAX_ID, PAGE_SIZE, Page, newest_first
from app.records.channels import OutgoingWebhook
from app.records.outbox import MailState, OutboxMessage


def get(webhook_id: int, *, is_locked: bool = False) -> OutgoingWebhook:
    """Return one outgoing webhook, locked until the commit if wanted.

    Raises:
        NotFound: there is none with this id.

    """
    statement = select(OutgoingWebhook).where(OutgoingWebhook.id == webhook_id)
    if is_locked:
        statement = statement.with_for_update()
    found = db.session.scalar(statement) if webhook_id <= MAX_ID else None
    if found is None:
        raise NotFound(f"There is no outgoing webhook {webhook_id}.")
    return found


def everything() -> Sequence[OutgoingWebhook]:
    """Return all outgoing webhooks by name; there are at most limits.OUTGOING_WEBHOOKS."""
    statement = select(OutgoingWebhook).order_by(func.lower(OutgoingWebhook.name), OutgoingWebhook.id)
    return db.session.scalars(statement).all()


def counts() -> dict[tuple[int, MailState], int]:
    """Return how many messages of each webhook are in each state."""
    columns = (OutboxMessage.hook_id, OutboxMessage.state)
    statement = select(*columns, func.count()).where(OutboxMessage.hook_id.is_not(None)).group_by(*columns)
    rows = db.session.execute(statement)
    return {(hook_id, state): count for hook_id, state, count in rows if hook_id is not None}


def deliveries(webhook_id: int, *, after: str | None, limit: int = PAGE_SIZE) -> Page[OutboxMessage]:
    """Return what was written to a webhook, newest first.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(OutboxMessage).where(OutboxMessage.hook_id == webhook_id)
    return newest_first(statement, OutboxMessage.id, after=after, limit=limit)
