"""Where events come from: the journal, and the webhook's log lines on standard input.

The journal is read in a thread of its own and decides what is true. Lines are read in another thread,
which nothing ever blocks: a line wakes the journal's reader, and while the journal is away a signed line is
taken in its place.
"""

import os
import random
import stat
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from automation.clock import Clock, parse_time
from automation.events.journal import Batch, Journal, JournalError
from automation.events.lines import MAX_LINE, LineReader
from automation.events.schemas import Event
from automation.ledger import beginning
from automation.ledger.database import Ledger
from automation.ledger.episodes import JOURNAL_ID, end_missing, offset, start_over, take_in
from automation.ledger.unknown import close

STDIN = 0
WAIT = 20
LONGEST_PAUSE = 15.0
CARRY_AGE = 15 * 60.0
"""Seconds after which a signed line is too old to act on without the journal (it may be a replay)."""
CARRY_AHEAD = 60.0
"""Seconds that a signed line may be ahead of the journal's clock: no line is written before its time."""
BUFFER = 10_000

log = structlog.get_logger()


class JournalReader:
    """Keeps the ledger level with the journal."""

    def __init__(self, journal: Journal, ledger: Ledger, clock: Clock, changed: Callable[[], None]) -> None:
        self._journal, self._ledger, self._clock, self._changed = journal, ledger, clock, changed
        self._lines: deque[Event] = deque(maxlen=BUFFER)
        self._hint = threading.Event()
        self._failures = 0
        self._since = clock.steady()
        self._was_empty = False
        self._time: tuple[datetime, float] | None = None
        self.read_at: float | None = None
        """Steady time at which the journal was last read to its end."""
        self.problem: str | None = None
        """Why the journal cannot be read; none while it can."""
        self.last_seq = 0
        self.signal_at: float | None = None
        """Steady time at which Alertmanager was last known to hear of Prometheus; none: nobody can say."""

    @property
    def is_settled(self) -> bool:
        """Whether the ledger is level with the journal, or the journal is away: only then decide."""
        return self.read_at is not None or self.problem is not None

    @property
    def lag(self) -> float:
        """Seconds since the ledger was last known to be level with the journal, while it cannot be read."""
        if self.problem is None and self.read_at is not None:
            return 0.0
        return self._clock.steady() - (self._since if self.read_at is None else self.read_at)

    def silence(self, limit: float) -> float | None:
        """Return for how many seconds Prometheus has not been heard, when that is more than ``limit``."""
        age = 0.0 if self.signal_at is None else self._clock.steady() - self.signal_at
        return round(age, 1) if age > limit else None

    @property
    def now(self) -> datetime:
        """The time of day by the journal's clock, kept going by the steady one: steps of ours do not move it.

        Before the journal was read, it is the time of our clock.
        """
        if self._time is None:
            return self._clock.wall()
        theirs, steady = self._time
        return theirs + timedelta(seconds=self._clock.steady() - steady)

    def hint(self, event: Event | int) -> None:
        """Note that the webhook has written something: an event, or that it stands at a sequence number."""
        if isinstance(event, Event):
            self._lines.append(event)
        self._hint.set()

    def run(self, stop: threading.Event) -> None:
        """Read until told to stop."""
        while not stop.is_set():
            asked_at = self._clock.steady()
            self.read_once(WAIT)
            if self.problem is None:
                if self._was_empty and self._clock.steady() - asked_at < 1:
                    self._rest(1.0)  # a journal with too many waiting readers answers at once: do not spin
                continue
            pause = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(self._failures, 10)) * random.uniform(0.7, 1.0)  # noqa: S311
            self._rest(pause)
            stop.wait(0.2)  # a flood of lines must not become a flood of requests

    def _rest(self, seconds: float) -> None:
        """Wait, at most until the next hint."""
        self._hint.clear()
        self._hint.wait(seconds)

    def read_once(self, wait: int) -> bool:
        """Read one page; say whether the ledger is level with the journal now."""
        after = offset(self._ledger)
        asked_at = self._clock.steady()
        try:
            batch = self._journal.read(after, wait)
        except JournalError as error:
            self._fail(str(error))
            return False
        if self.problem is not None:
            log.info("journal_back", offset=after, last_seq=batch.last_seq)
        self._note_clocks(batch)
        close(self._ledger, batch.last_seq)
        known = self._ledger.meta(JOURNAL_ID)
        if batch.last_seq < after or known not in {None, batch.journal_id}:
            log.error("journal_replaced", offset=after)
            start_over(self._ledger, batch.journal_id, self._clock.steady())
            return False
        if known is None:
            self._ledger.set_meta(JOURNAL_ID, batch.journal_id)
            beginning.note(self._ledger, batch.last_seq)
        if after + 1 < batch.oldest_seq and batch.last_seq > after and (after or batch.oldest_seq > 1):
            log.error("journal_events_missing", first=after + 1, last=batch.oldest_seq - 1)
            if after and not self._bridge():
                return False
        new_offset = max((event.seq for event in batch.events), default=after)
        effects = take_in(self._ledger, batch.events, self._clock.steady(), new_offset)
        self.last_seq = batch.last_seq
        self._was_empty = not batch.events
        level = new_offset >= batch.last_seq or not batch.events
        self._drop_lines(new_offset)
        if level:
            was_settled, self.problem = self.is_settled and self.problem is None, None
            # A page with events may have been followed by more before it arrived; an empty one is fresh.
            self.read_at = self._clock.steady() if not batch.events else asked_at
            if effects or not was_settled:
                self._changed()
        return level

    def _note_clocks(self, batch: Batch) -> None:
        self._failures = 0
        if batch.time is not None:
            self._time = batch.time, self._clock.steady()
        if batch.watchdog_age is not None:
            self.signal_at = self._clock.steady() - batch.watchdog_age

    def _bridge(self) -> bool:
        """Learn what was missed in a gap: the journal keeps the newest firing event of each open episode.

        What fires in the ledger and is not among them has resolved without our knowing. Says whether the
        journal could be read.
        """
        events: list[Event] = []
        try:
            while (batch := self._journal.read(events[-1].seq if events else 0, 0)).events:
                events += batch.events
        except JournalError as error:
            self._fail(str(error))
            return False
        kept = {event.episode for event in events}
        ended = end_missing(self._ledger, kept, self._clock.steady())
        take_in(self._ledger, events, self._clock.steady())
        log.warning("episodes_compared", ended=ended, kept=len(kept))
        return True

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if self.problem != reason:
            log.warning("journal_unavailable", reason=reason)
        self.problem = reason
        if self._take_lines():
            log.info("log_lines_taken_in")
        self._changed()

    def _take_lines(self) -> int:
        """Take in the waiting lines; the offset stays, so the journal later has the last word."""
        known, now = offset(self._ledger), self.now
        fresh, refused = [], {"too old": 0, "from the future": 0}
        while self._lines:
            event = self._lines.popleft()
            age = (now - parse_time(event.received_at)).total_seconds()
            if event.seq <= known:
                continue
            if age > CARRY_AGE:
                refused["too old"] += 1
            elif age < -CARRY_AHEAD:
                refused["from the future"] += 1
            else:
                fresh.append(event)
        for reason, count in refused.items():
            if count:
                log.warning("log_lines_not_acted_on", reason=reason, lines=count)
        return take_in(self._ledger, sorted(fresh, key=lambda event: event.seq), self._clock.steady())

    def _drop_lines(self, known: int) -> None:
        while self._lines and self._lines[0].seq <= known:
            self._lines.popleft()


def is_stream(descriptor: int) -> bool:
    """Say whether a descriptor is a pipe or socket: then its end means that the sender is gone."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def read_lines(reader: LineReader, deliver: Callable[[Event | int], None], ended: Callable[[], None]) -> None:
    """Read standard input to its end, delivering what each line says."""
    stdin = open(STDIN, "rb", closefd=False)  # noqa: SIM115 - sys.stdin would have to be free at exit
    while line := stdin.readline(MAX_LINE + 2):
        said = reader.read(line.decode(errors="replace"))
        if said is not None:
            deliver(said)
    log.info("stdin_ended", **{f"lines_{name}": count for name, count in reader.counts.items()})
    ended()
