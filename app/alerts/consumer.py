"""Reading the webhook's journal: long-poll, apply, and move the cursor in one transaction.

The cursor moves only from where this worker read it, so two workers at once can't apply an event twice: the
second finds the cursor moved, drops its batch and reads again.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Event

import requests
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import direct
from app.alerts import intake, outage
from app.alerts.events import JournalEvent
from app.clock import now
from app.config import Settings
from app.database import HELD_S, transaction
from app.extensions import db
from app.records import audit, audit_entries, cursor, entries, timeline
from app.records.actors import SYSTEM
from app.records.alerts import JournalCursor
from app.records.incidents import Incident
from app.records.lifecycle import State
from contract import limits
from contract.sessions import trust

log = structlog.get_logger()

ASKED = 500
"""How many events one answer may hold."""
LEAST_PIECE = 25
"""How many of them go into one transaction, however long the last one took: each has its fixed costs."""
FIRST_PIECE = 50
WAIT_S = 20
CONNECT_TIMEOUT_S = 5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
MAX_SEQ = 2**63 - 1


class Row(BaseModel):
    """A row of the journal; the rest of it is read later, so that a bad one can't hold up the others."""

    model_config = ConfigDict(extra="allow")

    seq: int = Field(ge=1, le=MAX_SEQ)


class Refused(BaseModel):
    """The newest delivery that the webhook refused for good."""

    model_config = ConfigDict(extra="ignore")

    age_s: float = Field(ge=0, le=1e9)
    reason: str = Field(max_length=limits.WORD)


class Answer(BaseModel):
    """What ``GET /events`` answers."""

    model_config = ConfigDict(extra="ignore")

    events: list[Row]
    last_seq: int = Field(ge=0, le=MAX_SEQ)
    oldest_seq: int | None = Field(None, ge=0, le=MAX_SEQ)
    refused: Refused | None = None
    watchdog_age_s: float | None = Field(None, ge=0, le=1e9)


class Pace:
    """How many events go into one transaction, by how long the one before took."""

    def __init__(self) -> None:
        self.size = FIRST_PIECE

    def took(self, events: int, seconds: float) -> None:
        """Choose the next size so that as much work would last for HELD_S."""
        if events:
            self.size = max(LEAST_PIECE, min(ASKED, round(events * HELD_S / max(seconds, 0.001))))


@dataclass(frozen=True)
class Consumer:
    """Takes events from the journal into the app's database."""

    settings: Settings
    pace: Pace = field(default_factory=Pace)

    def run(self, stop: Event) -> None:
        """Read until ``stop`` is set; while the journal or the database is away, wait longer each time."""
        pause, longest = FIRST_PAUSE_S, min(LONGEST_PAUSE_S, self._rhythm_s)
        while not stop.is_set():
            try:
                self._poll_and_judge()
                pause = FIRST_PAUSE_S
            except (requests.RequestException, ValidationError, SQLAlchemyError) as error:
                log.warning("journal_unavailable", error=_reason(error), retry_in_s=pause)
                stop.wait(pause)
                pause = min(pause * 2, longest)

    @property
    def _rhythm_s(self) -> float:
        """How often to ask at least, so that one answer that is lost makes no outage."""
        return self.settings.journal_silent_after.total_seconds() / 4

    @cached_property
    def _watch(self) -> outage.Watch:
        """What was heard so far; it outlasts a defect, after which the worker runs this consumer again."""
        return outage.Watch(self.settings)

    def _poll_and_judge(self) -> None:
        watch = self._watch
        try:
            self.poll()
        except SQLAlchemyError:
            raise  # the database is away: nothing follows for the journal
        except Exception as error:
            is_away = isinstance(error, requests.RequestException) and not isinstance(
                error, requests.HTTPError
            )
            watch.missed(is_answered=not is_away)
            raise
        watch.heard()

    def poll(self) -> None:
        """Ask once, wait for news, apply what came.

        Raises:
            requests.RequestException: the journal can't be reached or refuses.
            ValidationError: it answers something else than events.
            SQLAlchemyError: the database is away; nothing was applied.

        """
        offset = cursor.offset()
        answer = self._ask(offset)
        if answer.last_seq < offset:
            _start_over(offset, answer.last_seq)
        else:
            for piece in self._pieces(answer):
                self.pace.took(len(piece.events), _take(offset, piece, self.settings))
                offset = piece.events[-1].seq if piece.events else offset

    def _pieces(self, answer: Answer) -> Iterator[Answer]:
        """Split an answer into pieces of one transaction each: other writers wait for each of them."""
        left = answer.events
        while True:
            piece, left = left[: self.pace.size], left[self.pace.size :]
            yield answer.model_copy(update={"events": piece})
            if not left:
                return

    def _ask(self, offset: int) -> Answer:
        token = self.settings.journal_token
        wait_s = max(1, min(WAIT_S, int(self._rhythm_s)))
        with direct.session() as session:
            trust(session, self.settings.ca_file)
            response = session.get(
                f"{self.settings.journal_url}/events",
                params={"after": offset, "limit": ASKED, "wait": wait_s},
                headers={"Authorization": f"Bearer {token.get_secret_value() if token else ''}"},
                timeout=(CONNECT_TIMEOUT_S, WAIT_S + 10),
                allow_redirects=False,
            )
        if response.status_code != requests.codes.ok:
            raise requests.HTTPError(f"status {response.status_code}", response=response)
        return Answer.model_validate_json(response.content)


def _take(offset: int, answer: Answer, settings: Settings) -> float:
    """Let an answer take effect unless the cursor has moved; return for how many seconds it was locked."""
    with transaction():
        began = time.monotonic()
        _apply(offset, answer, settings)
    return time.monotonic() - began


def _apply(offset: int, answer: Answer, settings: Settings) -> None:
    place = cursor.lock()
    if place.offset != offset:
        return
    if answer.oldest_seq is not None and offset < answer.oldest_seq - 1:
        _log_gap(offset + 1, answer.oldest_seq - 1)
    intake.take_in([event for row in answer.events if (event := _read(row)) is not None], settings)
    if answer.events:
        place.offset = answer.events[-1].seq
    place.last_seq = max(answer.last_seq, place.offset)
    if place.offset == place.last_seq:
        place.caught_up_at = now()
    if answer.watchdog_age_s is not None:
        heard_at = now() - timedelta(seconds=answer.watchdog_age_s)
        # Each replica of the webhook knows its own.
        place.watchdog_at = max(place.watchdog_at or heard_at, heard_at)
    if answer.refused is not None:
        _note_refusal(place, answer.refused)


def _note_refusal(place: JournalCursor, refused: Refused) -> None:
    """Keep the newest refusal; each replica of the webhook knows its own."""
    at = now() - timedelta(seconds=refused.age_s)
    if place.refused_at is None or at > place.refused_at:
        place.refused_at, place.refused_for = at, refused.reason


def _read(row: Row) -> JournalEvent | None:
    """Return an event. One that can't be read is told of, and must not hold up the ones after it."""
    try:
        return JournalEvent.model_validate(row.model_dump())
    except ValidationError as error:
        fields = sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]})
        log.error("event_unreadable", seq=row.seq, fields=fields)  # noqa: TRY400 - the values stay out
        summary = (
            f"Event {row.seq} of the journal can't be read ({', '.join(fields)}); it opened no incident."
        )
        audit.record(audit_entries.JournalEventUnreadable(seq=row.seq, fields=fields), SYSTEM, summary)
        return None


def _log_gap(first: int, last: int) -> None:
    """Say that events were pruned before they were read, wherever that may matter."""
    log.error("journal_gap", first=first, last=last)
    summary = f"Events {first} to {last} were pruned from the journal before they were read."
    audit.record(audit_entries.JournalGap(first=first, last=last), SYSTEM, summary)
    firing = db.session.scalars(
        select(Incident.id).where(Incident.is_firing.is_(True), Incident.state != State.RESOLVED),
    )
    for incident_id in firing.all():
        note = f"{summary} The alert of this incident may have ended among them; check it."
        timeline.record(incident_id, entries.JournalGap(first=first, last=last), SYSTEM, note)


def _start_over(offset: int, last_seq: int) -> None:
    """Read a journal that was replaced from its start; events already applied are known by their ids."""
    log.error("journal_replaced", offset=offset, last_seq=last_seq)
    with transaction():
        place = cursor.lock()
        if place.offset != offset:
            return
        place.offset = 0
        summary = f"The journal ends at {last_seq}, before event {offset} that was read. It was replaced."
        audit.record(audit_entries.JournalReplaced(offset=offset, last_seq=last_seq), SYSTEM, summary)


def _reason(error: Exception) -> str:
    """Name a failure without the URL and values that its text may carry."""
    if isinstance(error, requests.HTTPError):
        return str(error)
    return type(error).__name__
