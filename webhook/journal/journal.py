"""Append, read, wait, prune: what the rest of the webhook does with the journal."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from webhook.journal import queries
from webhook.journal.committer import Committer, JournalUnavailableError
from webhook.journal.episodes import Count, Occurrence, Source, Status, decide
from webhook.journal.queries import State
from webhook.journal.store import Execute, Store, StoreError
from webhook.signing import canonical

WRITE_SECONDS = 1.8
LOOK_SECONDS = 0.5
PAGE_BYTES = 4 * 1024 * 1024
PRUNE_ROWS = 500


class Receipt(NamedTuple):
    """What became of a delivery; ``appended`` are the canonical texts of its new events."""

    accepted: int
    duplicates: int
    last_seq: int
    appended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some events as canonical texts, and the journal's state in the same moment."""

    events: list[str]
    state: State


@dataclass(frozen=True, slots=True)
class OpenEpisode:
    """An alert that is on, as far as the journal knows; ``firing`` is its newest firing event."""

    fingerprint: str
    episode: str
    last_seen_at: str
    firing: dict[str, Any]


class Journal:
    """The journal in a store. Every method may be called from any thread."""

    def __init__(
        self,
        store: Store[Any],
        *,
        on_events: Callable[[Sequence[str]], None],
        on_commit: Callable[[float], None],
    ) -> None:
        """Take two listeners: for the texts of new events, in the order of their numbers and after they are on disk;
        and for the seconds of each commit.
        """
        self._store = store
        self._on_events = on_events
        self._on_commit = on_commit
        self._grown = threading.Condition()
        self._last_commit = float("-inf")
        self._is_closing = False
        self._committer = Committer(store, self._committed)

    def append(self, events: Sequence[dict[str, Any]]) -> Receipt:
        """Record events (all fields but ``seq``, ``id``, ``episode`` and ``sig``), all or none of them.

        Returns when they are on disk. Raises JournalUnavailableError, within two seconds.
        """
        return self._committer.run(lambda execute: _append(execute, events), WRITE_SECONDS)

    def end_episode(self, event: dict[str, Any], episode: str, unseen_since: str) -> Receipt:
        """Record the resolved ``event`` if ``episode`` is still open and no delivery has shown it firing since.

        Raises JournalUnavailableError.
        """

        def work(execute: Execute) -> Receipt:
            current = queries.open_episode(execute, event["fingerprint"])
            if current is None or current[0] != episode or current[1] >= unseen_since:
                return Receipt(0, 0, queries.last_seq(execute))
            return _append(execute, [event])

        return self._committer.run(work, WRITE_SECONDS)

    def read(self, after: int, limit: int) -> Page:
        """The next events after a number: at most ``limit``, and no more than 4 MiB but always one.

        Raises JournalUnavailableError.
        """
        with self._reading() as execute:
            state = queries.state(execute)
            texts = queries.events(execute, after, limit)
        return Page(_within(texts, PAGE_BYTES), state)

    def wait(self, after: int, seconds: float) -> None:
        """Return when there is an event after the number ``after``, after ``seconds``, or when the journal closes.

        Looks again from time to time, since another replica may have written. Raises JournalUnavailableError.
        """
        deadline = time.monotonic() + seconds
        while not self._is_closing and (left := deadline - time.monotonic()) > 0:
            with self._grown:
                if self.last_seq() > after:
                    return
                self._grown.wait(min(left, LOOK_SECONDS))

    def last_seq(self) -> int:
        """The number of the newest event, 0 in an empty journal. Raises JournalUnavailableError."""
        with self._reading() as execute:
            return queries.last_seq(execute)

    def state(self) -> State:
        """The journal's counters. Raises JournalUnavailableError."""
        with self._reading() as execute:
            return queries.state(execute)

    def open_episodes(self) -> list[OpenEpisode]:
        """All alerts that are on, as far as the journal knows. Raises JournalUnavailableError."""
        with self._reading() as execute:
            rows = queries.open_episodes(execute)
        return [OpenEpisode(*row[:3], json.loads(row[3])) for row in rows]

    def probe(self, fresh_seconds: float = 1.0) -> None:
        """Make sure that a commit works now, or did within the last ``fresh_seconds``.

        Raises JournalUnavailableError.
        """
        if time.monotonic() - self._last_commit > fresh_seconds:
            self._committer.run(queries.probe, WRITE_SECONDS)

    def prune(self, *, received_before: str, keep_bytes: int) -> int:
        """Let go of the oldest events by age and size; how many. Raises JournalUnavailableError.

        In small transactions, so that deliveries get their turn in between.
        """

        def work(execute: Execute) -> int:
            chosen = queries.prunable(
                execute, received_before=received_before, keep_bytes=keep_bytes, limit=PRUNE_ROWS
            )
            if chosen:
                queries.prune(execute, chosen)
            return len(chosen)

        total = 0
        while (count := self._committer.run(work, WRITE_SECONDS)) > 0:
            total += count
        return total

    def interrupt(self) -> None:
        """Let everybody who waits for events return now; the process is about to end."""
        self._is_closing = True
        with self._grown:
            self._grown.notify_all()

    def close(self) -> None:
        """Finish the writes that wait, then end."""
        self.interrupt()
        self._committer.close()

    def _committed(self, results: list[Any], seconds: float) -> None:
        self._last_commit = time.monotonic()
        self._on_commit(seconds)
        texts = [text for result in results if isinstance(result, Receipt) for text in result.appended]
        if texts:
            self._on_events(texts)
            with self._grown:
                self._grown.notify_all()

    @contextmanager
    def _reading(self) -> Iterator[Execute]:
        try:
            with self._store.snapshot() as execute:
                yield execute
        except StoreError as error:
            raise JournalUnavailableError(error.reason) from error


def _append(execute: Execute, events: Sequence[dict[str, Any]]) -> Receipt:
    seq = queries.last_seq(execute)
    texts: list[str] = []
    for event in events:
        text = _record(execute, event, seq + 1)
        if text is not None:
            texts.append(text)
            seq += 1
    if texts:
        queries.save_state(execute, last_seq=seq, rows=len(texts), size=sum(map(len, texts)))
    return Receipt(len(texts), len(events) - len(texts), seq, tuple(texts))


def _record(execute: Execute, event: dict[str, Any], seq: int) -> str | None:
    """Apply the episode rule to one event; the text of the new row, or None if it is only a delivery more."""
    occurrence = Occurrence(
        event["fingerprint"], event["starts_at"], Status(event["status"]), Source(event["source"])
    )
    decision = decide(
        occurrence,
        queries.latest_episode(execute, occurrence.fingerprint),
        queries.recorded(execute, occurrence.fingerprint, occurrence.starts_at),
    )
    is_firing = occurrence.status is Status.FIRING
    if isinstance(decision, Count):
        queries.count_delivery(execute, decision.id)
        if is_firing:
            queries.saw_firing(execute, occurrence.fingerprint, event["received_at"])
        if decision.confirms_end:
            queries.confirm_end(execute, occurrence.fingerprint)
        return None
    row = event | {"seq": seq, "id": decision.id, "episode": decision.episode}
    text = canonical(row)
    queries.insert_event(execute, row, text)
    if is_firing:
        queries.save_firing(execute, row, text)
    else:
        queries.save_end(execute, row)
    return text


def _within(texts: list[str], size: int) -> list[str]:
    for index, text in enumerate(texts):
        size -= len(text)
        if size < 0:
            return texts[: max(index, 1)]
    return texts
