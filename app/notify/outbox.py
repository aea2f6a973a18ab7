"""The outbox's life: claim, send, record; retry for hours; then a dead letter that a person can retry.

It is the same for all channels; `turns` says where a message waits for those before it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, CursorResult, and_, func, or_, select, update

from app.clock import now
from app.database import transaction
from app.errors import NotFound
from app.extensions import db
from app.notify import caps, outcomes, turns
from app.notify.incident_mails import KEEP_TRYING, VERBS
from app.paging import PAGE_SIZE, Page, newest_first
from app.records import audit, audit_entries, timeline
from app.records.actors import SYSTEM, Actor
from app.records.channels import Channel
from app.records.entries import MailFailed, MailSent
from app.records.operations import WorkerHeartbeat
from app.records.outbox import CARRIES_A_KEY, MailKind, MailState, OutboxMessage
from contract.text import one_line

log = structlog.get_logger()

CLAIM_FOR = timedelta(minutes=6)
"""Longer than any phase of SMTP but the last, for which it is kept; then a worker that hangs has lost it."""
DEAD_AFTER = timedelta(minutes=1)
"""A worker without a sign of life for so long has lost its claims: it tells four a minute."""
UNCERTAIN_DELAY = timedelta(minutes=15)
"""How long a mail waits that may have arrived: a second copy right away would only meet the same trouble."""
FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(hours=1)
LONGEST_DELAY_OF_A_PAGE = timedelta(minutes=1)
MAX_ERROR = 500


def claim(worker: str, channel: Channel = Channel.MAIL) -> OutboxMessage | None:
    """Take the next due message of a channel, or nothing; mail over a person's cap is collected for a digest.

    The row is taken by a conditional UPDATE and a look at its row count, which needs no lock and works on
    every database: of two workers that saw the same row, one changes it.
    """
    moment = now()
    with transaction():
        candidate = _next_due(moment, channel)
        while candidate is not None and caps.collect(candidate):
            candidate = _next_due(moment, channel)
        if candidate is None:
            return None
        taken: CursorResult[None] = db.session.execute(  # type: ignore[assignment]
            update(OutboxMessage)
            .where(OutboxMessage.id == candidate.id, _is_due(moment))
            .values(
                state=MailState.SENDING,
                claimed_by=worker,
                claimed_until=moment + CLAIM_FOR,
                attempts=OutboxMessage.attempts + 1,
            ),
        )
        message_id = candidate.id
    return _detached(message_id) if taken.rowcount == 1 else claim(worker, channel)


def is_anything_due(channel: Channel) -> bool:
    """Say, without a write, whether there is something to claim."""
    found = _next_due(now(), channel) is not None
    db.session.rollback()
    return found


def _next_due(moment: datetime, channel: Channel) -> OutboxMessage | None:
    statement = select(OutboxMessage).where(
        OutboxMessage.channel == channel, _is_due(moment), *turns.is_its_turn(channel)
    )
    first = [] if channel is Channel.WEBHOOK else [OutboxMessage.next_at]
    return db.session.scalar(statement.order_by(*first, OutboxMessage.id).limit(1))


def _detached(message_id: int) -> OutboxMessage:
    """Load a message and let go of the database: a slow server must not hold a transaction open."""
    message = db.session.get_one(OutboxMessage, message_id)
    db.session.expunge(message)
    db.session.rollback()
    return message


def _is_due(moment: datetime) -> ColumnElement[bool]:
    return or_(
        and_(OutboxMessage.state == MailState.WAITING, OutboxMessage.next_at <= moment),
        # Written in the future: the clock was set back, and the mail would wait for as long. Once tried, it
        # keeps to its delays, or a server that refuses it would be asked without a pause.
        and_(
            OutboxMessage.state == MailState.WAITING,
            OutboxMessage.attempts == 0,
            OutboxMessage.created_at > moment,
            OutboxMessage.window_id.is_(None),
        ),
        and_(
            OutboxMessage.state == MailState.SENDING,
            or_(OutboxMessage.claimed_until < moment, _is_of_the_dead(moment)),
        ),
    )


def _is_of_the_dead(moment: datetime) -> ColumnElement[bool]:
    silent = select(WorkerHeartbeat.worker).where(
        WorkerHeartbeat.worker == OutboxMessage.claimed_by, WorkerHeartbeat.at < moment - DEAD_AFTER
    )
    return silent.exists()


def mark_sent(message_id: int, worker: str) -> None:
    """Record that the mail server, or the service of its channel, took it."""
    with transaction():
        message = _claimed(message_id, worker)
        if message is None:
            return
        message.state = MailState.SENT
        message.sent_at = now()
        message.last_error = None
        if message.kind in CARRIES_A_KEY:
            message.text = message.html = ""
        record_when_all_are_done(message)
        outcomes.tell(message)


def keep(message_id: int, worker: str, until: datetime) -> None:
    """Keep a claim for longer, while the mail server may take its time."""
    with transaction():
        message = _claimed(message_id, worker)
        if message is not None:
            message.claimed_until = until


def mark_failed(
    message_id: int,
    worker: str,
    *,
    error: str,
    is_permanent: bool,
    may_have_arrived: bool = False,
    wait: timedelta = timedelta(),
) -> None:
    """Record a failure: try again later, or give up when it is permanent or has taken too long.

    A page that fails has the next one of its batch leave at once, by the person's next contact method.
    ``wait`` is how long the other side asks to be left alone.
    """
    with transaction():
        message = _claimed(message_id, worker)
        if message is None:
            return
        message.last_error = one_line(error, MAX_ERROR)
        outcomes.bring_next_forward(message)
        if not is_permanent and now() < message.give_up_at:
            message.state = MailState.WAITING
            message.next_at = now() + max(_delay(message, may_have_arrived=may_have_arrived), wait)
            return
        message.state = MailState.DEAD
        log.error("mail_dead", mail=message.id, attempts=message.attempts, error=message.last_error)
        _tell_of_the_dead(message)
        outcomes.tell(message)


def _delay(message: OutboxMessage, *, may_have_arrived: bool) -> timedelta:
    longest = LONGEST_DELAY_OF_A_PAGE if message.kind is MailKind.PAGE else LONGEST_DELAY
    delay: timedelta = min(FIRST_DELAY * 2 ** (min(message.attempts, 20) - 1), longest)
    is_mail = message.channel is Channel.MAIL
    return max(delay, UNCERTAIN_DELAY) if may_have_arrived and is_mail else delay


def _tell_of_the_dead(message: OutboxMessage) -> None:
    what = "mail" if message.channel is Channel.MAIL else "message"
    summary = f"The {what} to {message.recipient} could not be delivered: {message.last_error}"
    incidents = _told_by(message)
    if not incidents:
        audit.record(audit_entries.MailFailed(mail=message.id), SYSTEM, summary)
    for incident_id in incidents:
        timeline.record(incident_id, MailFailed(mail=message.id), SYSTEM, summary)


def _told_by(message: OutboxMessage) -> Sequence[int]:
    """Return the incidents a mail is about: several for a digest, none for a letter."""
    if message.incident_id is not None:
        return [message.incident_id]
    statement = select(OutboxMessage.incident_id).where(
        OutboxMessage.digest_id == message.id, OutboxMessage.incident_id.is_not(None)
    )
    return sorted({incident_id for incident_id in db.session.scalars(statement) if incident_id is not None})


def dead() -> Sequence[OutboxMessage]:
    """Return the mails that could not be delivered, oldest first."""
    statement = select(OutboxMessage).where(OutboxMessage.state == MailState.DEAD).order_by(OutboxMessage.id)
    return db.session.scalars(statement).all()


def page(
    *, state: MailState | None, after: str | None, channel: Channel | None = None
) -> Page[OutboxMessage]:
    """Return messages, newest first; in one state or by one channel only, where given.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    statement = select(OutboxMessage)
    if state is not None:
        statement = statement.where(OutboxMessage.state == state)
    if channel is not None:
        statement = statement.where(OutboxMessage.channel == channel)
    return newest_first(statement, OutboxMessage.id, after=after, limit=PAGE_SIZE)


def by_id(ids: Sequence[int]) -> dict[int, OutboxMessage]:
    """Return these mails by their id."""
    rows = db.session.scalars(select(OutboxMessage).where(OutboxMessage.id.in_(ids)))
    return {message.id: message for message in rows}


def retry(message_id: int, *, actor: Actor) -> OutboxMessage:
    """Send a dead letter again, as new: it keeps its Message-ID.

    Raises:
        NotFound: there is no dead letter with this id.

    """
    with transaction():
        message = db.session.get(OutboxMessage, message_id, with_for_update=True)
        if message is None or message.state is not MailState.DEAD:
            raise NotFound("There is no undelivered message with this id.")
        message.state = MailState.WAITING
        message.attempts = 0
        message.next_at = now()
        message.give_up_at = now() + KEEP_TRYING
        audit.record(
            audit_entries.MailRetried(mail=message.id),
            actor,
            f"The message to {message.recipient} is tried again.",
        )
    return message


def _claimed(message_id: int, worker: str) -> OutboxMessage | None:
    """Return the mail if this worker still has it; one that is late must not undo another's work."""
    message = db.session.get(OutboxMessage, message_id, with_for_update=True)
    if message is None or message.state is not MailState.SENDING or message.claimed_by != worker:
        log.warning("mail_claim_lost", mail=message_id)
        return None
    return message


def record_when_all_are_done(message: OutboxMessage) -> None:
    """Write one timeline entry for mails that tell the same, with the last of them; each page has its own."""
    if message.incident_id is None:
        return
    if message.kind is MailKind.PAGE:
        outcomes.record_page(message)
        return
    timeline.lock(message.incident_id)
    db.session.flush()
    rows = db.session.execute(
        select(OutboxMessage.state, func.count())
        .where(OutboxMessage.batch == message.batch)
        .group_by(OutboxMessage.state),
    )
    counts = {state: count for state, count in rows}  # noqa: C416 - rows are not tuples for the type checker
    if counts.keys() - {MailState.SENT, MailState.DIGESTED, MailState.DEAD, MailState.SUPERSEDED}:
        return
    sent, digested = counts.get(MailState.SENT, 0), counts.get(MailState.DIGESTED, 0)
    whom = [message.recipient if sent == 1 and not digested else _people(sent)] if sent else []
    whom += [f"{_people(digested)} in a digest"] if digested else []
    summary = f"Mail “{VERBS[message.kind]}” sent to {', and to '.join(whom)}."
    timeline.record(message.incident_id, MailSent(mail_kind=message.kind), SYSTEM, summary)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
