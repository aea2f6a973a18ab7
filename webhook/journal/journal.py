"""Append, read, wait, prune: what the rest of the webhook does with the journal."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from contract.events import Status
from webhook.journal import queries
from webhook.journal.committer import Committer, JournalUnavailableError
from webhook.journal.episodes import Source
from webhook.journal.queries import State
from webhook.journal.store import Execute, Store, StoreError
from webhook.journal.writing import Receipt, Writing

WRITE_SECONDS = 1.8
LOOK_SECONDS = 0.5
PAGE_BYTES = 4 * 1024 * 1024
PRUNE_ROWS = 500
SETTLE_ROWS = 500
FRESH_SECONDS = 1.0
FAILURE_SECONDS = 10.0


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
        on_event: Callable[[str], None],
        on_commit: Callable[[float], None],
    ) -> None:
        """Take two listeners: for the canonical text of each new event and for the seconds of each commit.

        Events are told in the order of their numbers, when they are on disk.
        """
        self._store = store
        self._on_event = on_event
        self._on_commit = on_commit
        self._grown = threading.Condition()
        self._last_commit = float("-inf")
        self._failure: JournalUnavailableError | None = None
        self._failed_at = float("-inf")
        self._is_closing = False
        self._committer = Committer(store, Writing, self._committed, self._failed)

    def append(self, events: Sequence[dict[str, Any]]) -> Receipt:
        """Record events (all fields but ``seq``, ``id``, ``episode`` and ``sig``), all or none of them.

        Returns when they are on disk. Raises JournalUnavailableError, within about two seconds.
        """
        return self.begin_append(events)()

    def begin_append(self, events: Sequence[dict[str, Any]]) -> Callable[[], Receipt]:
        """Do as ``append`` does in two steps; the second, which waits for the disk, is what this returns."""
        job = self._committer.submit(lambda writing: writing.append(events), WRITE_SECONDS)
        return lambda: self._committer.finish(job)

    def append_unheard(self, event: dict[str, Any], *, is_confirmed: bool) -> Receipt:
        """Record the firing ``event`` of an alert that Alertmanager shows and no open episode matches.

        One whose episode Alertmanager itself had ended is taken up again only when ``is_confirmed``.
        Raises JournalUnavailableError.
        """

        def work(writing: Writing) -> Receipt:
            latest, recorded, _ = queries.known(
                writing.execute, event["fingerprint"], event["starts_at"] or ""
            )
            is_open = latest is not None and latest.ended_by is None
            is_over = latest is not None and latest.ended_by not in {None, Source.RECONCILE}
            if is_open or (recorded and is_over and not is_confirmed):
                return writing.append([])
            return writing.append([event])

        return self._committer.run(work, WRITE_SECONDS)

    def end_episode(self, event: dict[str, Any], episode: str, unseen_since: str) -> Receipt:
        """Record the resolved ``event`` if ``episode`` is open and no delivery has shown it firing since.

        Raises JournalUnavailableError.
        """

        def work(writing: Writing) -> Receipt:
            current = queries.open_episode(writing.execute, event["fingerprint"])
            if current is None or current[0] != episode or current[1] >= unseen_since:
                return writing.append([])
            return writing.append([event])

        return self._committer.run(work, WRITE_SECONDS)

    def settle(
        self, now: str, ended_before: str, *, leaves: Callable[[dict[str, Any]], bool] = lambda _: False
    ) -> Receipt:
        """Take up again each episode that ended before a time, if it was delivered firing since.

        Alertmanager would have repeated the end by then. What ``leaves`` says yes to, given that delivery,
        stays ended: the reconciler decides it. Raises JournalUnavailableError.
        """

        def work(writing: Writing) -> Receipt:
            texts = queries.doubted(writing.execute, ended_before, SETTLE_ROWS)
            delivered = [json.loads(text) for text in texts]
            for event in filter(leaves, delivered):
                queries.doubt_end(writing.execute, event["fingerprint"], None)
            return writing.append([_firing_again(event, now) for event in delivered if not leaves(event)])

        with self._reading() as execute:
            if not queries.doubted(execute, ended_before, 1):
                return Receipt(0, 0, queries.last_seq(execute))
        return self._committer.run(work, WRITE_SECONDS)

    def read(self, after: int, limit: int) -> Page:
        """Return the next events after a number: at most ``limit``, no more than 4 MiB, but always one.

        Raises JournalUnavailableError.
        """
        with self._reading() as execute:
            state = queries.state(execute)
            texts = queries.events(execute, after, limit)
        return Page(_within(texts, PAGE_BYTES), state)

    def wait(self, after: int, seconds: float) -> None:
        """Return when there is an event after the number ``after``, or after ``seconds``, or on closing.

        Looks again from time to time, since another replica may have written. Raises JournalUnavailableError.
        """
        deadline = time.monotonic() + seconds
        while not self._is_closing and (left := deadline - time.monotonic()) > 0:
            with self._grown:
                if self.last_seq() > after:
                    return
                self._grown.wait(min(left, LOOK_SECONDS))

    def last_seq(self) -> int:
        """Return the number of the newest event, 0 in an empty journal. Raises JournalUnavailableError."""
        with self._reading() as execute:
            return queries.last_seq(execute)

    def state(self) -> State:
        """Return the journal's counters. Raises JournalUnavailableError."""
        with self._reading() as execute:
            return queries.state(execute)

    def open_episodes(self) -> list[OpenEpisode]:
        """Return all alerts that are on, as far as the journal knows. Raises JournalUnavailableError."""
        with self._reading() as execute:
            rows = queries.open_episodes(execute)
        return [OpenEpisode(*row[:3], json.loads(row[3])) for row in rows]

    def probe(self, fresh_seconds: float = FRESH_SECONDS) -> None:
        """Make sure that a commit works now, or did within the last ``fresh_seconds``.

        After a failure it takes a stored event, or ten seconds, to be sure again: the smallest of writes may
        still fit where an event no longer does. Raises JournalUnavailableError.
        """
        now = time.monotonic()
        if self._failure is not None and now - self._failed_at < FAILURE_SECONDS:
            raise JournalUnavailableError(self._failure.reason)
        if now - self._last_commit > fresh_seconds:
            self._committer.run(lambda _: None, WRITE_SECONDS)

    def prune(self, *, received_before: str, keep_bytes: int) -> int:
        """Let go of the oldest events by age and size; return how many. Raises JournalUnavailableError.

        In small transactions, so that deliveries get their turn in between.
        """

        def work(writing: Writing) -> int:
            chosen = queries.prunable(
                writing.execute, received_before=received_before, keep_bytes=keep_bytes, limit=PRUNE_ROWS
            )
            if chosen:
                queries.prune(writing.execute, chosen)
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
        """Send readers away and close the database."""
        self.interrupt()
        self._store.close()

    def _committed(self, writing: Writing, seconds: float) -> None:
        self._last_commit = time.monotonic()
        self._on_commit(seconds)
        for text in writing.texts:
            self._on_event(text)
        if writing.texts:
            self._failure = None
            with self._grown:
                self._grown.notify_all()

    def _failed(self, failure: JournalUnavailableError) -> None:
        self._failed_at = time.monotonic()
        self._failure = failure

    @contextmanager
    def _reading(self) -> Iterator[Execute]:
        try:
            with self._store.snapshot() as execute:
                yield execute
        except StoreError as error:
            raise JournalUnavailableError(error.reason) from error


def _firing_again(event: dict[str, Any], now: str) -> dict[str, Any]:
    """Return what was delivered with the fields of ``event``, which is of the same alert and start."""
    sender = Source.GRAFANA if event["source"] == Source.GRAFANA else Source.ALERTMANAGER
    ours = {"status": Status.FIRING, "source": sender, "received_at": now, "ends_at": None}
    return {name: value for name, value in event.items() if name not in {"seq", "id", "episode"}} | ours


def _within(texts: list[str], size: int) -> list[str]:
    for index, text in enumerate(texts):
        size -= len(text)
        if size < 0:
            return texts[: max(index, 1)]
    return texts
