"""Adding events inside one transaction of the journal."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from contract.events import Status, event_id
from contract.signing import canonical
from webhook.journal import queries
from webhook.journal.episodes import Append, Count, Episode, Occurrence, Source, decide
from webhook.journal.store import Execute
from webhook.mending import words


class Receipt(NamedTuple):
    """What became of a delivery: new events, repeats, and the number of the newest event after it."""

    accepted: int
    duplicates: int
    last_seq: int


class Writing:
    """One transaction; ``texts`` are the canonical texts of its new events in the order of their numbers.

    The journal's last number comes with the first look at a fingerprint: asking for it alone would be one
    more statement for each delivery.
    """

    def __init__(self, execute: Execute) -> None:
        self.execute = execute
        self.texts: list[str] = []
        self._before: int | None = None

    def append(self, events: Sequence[dict[str, Any]]) -> Receipt:
        """Apply the episode rule to each event in turn."""
        accepted = sum(self._record(event) for event in events)
        return Receipt(accepted, len(events) - accepted, self._last_seq())

    def flush(self) -> None:
        """Save the counters; a transaction that added nothing still writes, which is what proves it can."""
        if self.texts:
            queries.count_events(self.execute, rows=len(self.texts), size=sum(map(len, self.texts)))
        else:
            queries.rewrite_state(self.execute)

    def _last_seq(self) -> int:
        """Return the number of the newest event, this transaction's included."""
        if self._before is None:
            self._before = queries.last_seq(self.execute)
        return self._before + len(self.texts)

    def _record(self, event: dict[str, Any]) -> bool:
        """Add a row, or count a delivery; whether there is a new row."""
        if event["starts_at"] is None:
            event = event | {"starts_at": self._start(event)}
        occurrence = Occurrence(
            event["fingerprint"],
            event["starts_at"],
            Status(event["status"]),
            Source(event["source"]),
            event["received_at"],
            event["ends_at"],
        )
        latest, recorded, self._before = queries.known(
            self.execute, occurrence.fingerprint, occurrence.starts_at
        )
        decision = decide(occurrence, latest, recorded)
        if latest is not None and isinstance(decision, Count) and self._says_more(event, latest):
            key = event_id(
                occurrence.fingerprint, occurrence.starts_at, occurrence.status, self._last_seq() + 1
            )
            decision = Append(key, latest.id)
        if isinstance(decision, Count):
            self._count(occurrence, decision, event["received_at"])
            return False
        row = event | {"seq": self._last_seq() + 1, "id": decision.id, "episode": decision.episode}
        text = canonical(row)
        queries.insert_event(self.execute, row, text)
        if decision.is_latest:
            save = queries.save_firing if occurrence.status is Status.FIRING else queries.save_end
            save(self.execute, row)
        self.texts.append(text)
        return True

    def _says_more(self, event: dict[str, Any], latest: Episode) -> bool:
        """Say whether a repeat of what is on says something else than before: people see the newest words."""
        is_on = event["status"] == Status.FIRING and latest.ended_by is None
        if not is_on or event["starts_at"] != latest.starts_at:
            return False
        told = queries.newest_firing(self.execute, event["fingerprint"])
        return told is not None and words(json.loads(told)) != words(event)

    def _start(self, event: dict[str, Any]) -> str:
        """Say when an alert began that doesn't say so: as the open episode did, or when it first came.

        So repeats of it are repeats, and its end is known again, too.
        """
        known = queries.newest_start(self.execute, event["fingerprint"])
        is_known = known is not None and (known.is_open or event["status"] == Status.RESOLVED)
        return known.starts_at if known and is_known else str(event["received_at"])

    def _count(self, occurrence: Occurrence, decision: Count, at: str) -> None:
        queries.count_delivery(self.execute, decision.seq)
        if decision.doubts_end or decision.settles_doubt:
            queries.doubt_end(
                self.execute, occurrence.fingerprint, decision.seq if decision.doubts_end else None
            )
        elif occurrence.status is Status.FIRING:
            queries.saw_firing(self.execute, occurrence.fingerprint, at)
        if decision.confirms_end:
            queries.confirm_end(self.execute, occurrence.fingerprint)
