"""The episode rule: which delivery adds an event, and to which episode it belongs.

An episode is one stretch of firing of one fingerprint. The rule is a pure function over what the journal
knows, so that it can be read, enumerated and tested without a database.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Whether the alert is on."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Source(StrEnum):
    """Who says so: Alertmanager by a delivery, or the reconciler by looking at Alertmanager."""

    ALERTMANAGER = "alertmanager"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One statement about one alert; ``starts_at`` is an RFC 3339 time with milliseconds."""

    fingerprint: str
    starts_at: str
    status: Status
    source: Source


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event of the journal with the same fingerprint and start as an occurrence."""

    status: Status
    episode: str
    seq: int


@dataclass(frozen=True, slots=True)
class Episode:
    """The latest episode of a fingerprint; ``ended_by`` is None while it is open."""

    id: str
    ended_by: Source | None


@dataclass(frozen=True, slots=True)
class Append:
    """Add an event ``id`` to ``episode``."""

    id: str
    episode: str


@dataclass(frozen=True, slots=True)
class Count:
    """Add no event: it is one more delivery of the event numbered ``seq``.

    ``confirms_end``: Alertmanager itself now says what so far only the reconciler had said, that the episode
    ended.
    """

    seq: int
    confirms_end: bool = False


def event_id(fingerprint: str, starts_at: str, status: Status, counter: int = 0) -> str:
    """Compute the idempotency key: SHA-256 of the three, and of a counter in an episode taken up again."""
    parts = [fingerprint, starts_at, status, *([str(counter)] if counter else [])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def decide(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """Apply the rule, given the latest episode of the fingerprint and its events with the same start."""
    rule = _firing if occurrence.status is Status.FIRING else _resolved
    return rule(occurrence, latest, recorded)


def _firing(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """1. A start never seen opens an episode, or continues the open one (Prometheus may forget starts).

    2. A start seen before, while an episode is open, is a repeat.
    3. A start seen before, of an episode that ended: Alertmanager delivers late, and that is counted; but
       where only the reconciler ended the episode, or now sees it firing, the alert is on and the episode is
       taken up again.
    """
    if not recorded:
        new = _append(occurrence, "", 0)
        return Append(new.id, latest.id) if latest and latest.ended_by is None else new
    if latest is None or latest.ended_by is None or all(row.episode != latest.id for row in recorded):
        return Count(recorded[0].seq)
    if Source.RECONCILE in {latest.ended_by, occurrence.source}:
        return _append(occurrence, latest.id, _times(occurrence, recorded))
    return Count(recorded[0].seq)


def _resolved(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """1. While an episode is open it ends it, unless it repeats the end of an earlier one.

    2. Else it is a repeat if this end is known,
    3. else an end the journal had not heard of: recorded, as part of the episode with that start or of its
       own.
    """
    same = [row for row in recorded if row.status is occurrence.status]
    if latest and latest.ended_by is None:
        if same and all(row.episode != latest.id for row in same):
            return Count(same[0].seq)
        return _append(occurrence, latest.id, len(same))
    if same:
        confirms = (
            latest is not None
            and latest.ended_by is Source.RECONCILE
            and occurrence.source is Source.ALERTMANAGER
            and any(row.episode == latest.id for row in same)
        )
        return Count(same[0].seq, confirms_end=confirms)
    return _append(occurrence, recorded[0].episode if recorded else "", 0)


def _append(occurrence: Occurrence, episode: str, counter: int) -> Append:
    key = event_id(occurrence.fingerprint, occurrence.starts_at, occurrence.status, counter)
    return Append(key, episode or key)


def _times(occurrence: Occurrence, recorded: Sequence[Recorded]) -> int:
    return sum(row.status is occurrence.status for row in recorded)
