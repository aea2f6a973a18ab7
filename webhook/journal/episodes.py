"""The episode rule: which delivery adds an event, and to which episode it belongs.

An episode is one stretch of firing of one fingerprint. The rule is a pure function over what the journal
knows, so that it can be read, enumerated and tested without a database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.events import Status, event_id

LATE = timedelta(minutes=1)
"""How long after an end a firing delivery may be one that only comes late: another Alertmanager of a cluster
waits 15 s for each one before it.
"""


class Source(StrEnum):
    """Who says so: Alertmanager or Grafana by a delivery, or the reconciler by looking at Alertmanager."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    RECONCILE = "reconcile"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One statement about one alert; times are in RFC 3339 with milliseconds, which sort as text.

    ``ends_at`` is None for an alert that is on, and for one that doesn't say when it ended.
    """

    fingerprint: str
    starts_at: str
    status: Status
    source: Source
    received_at: str
    ends_at: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event of the journal with the same fingerprint and start as an occurrence."""

    status: Status
    episode: str
    seq: int


@dataclass(frozen=True, slots=True)
class Episode:
    """The latest episode of a fingerprint; ``ended_by`` is None while it is open.

    ``starts_at`` and ``seq`` are those of its newest firing event, or of its end. ``last_seen_at`` says when
    it was last seen firing, or when it ended. ``is_doubted``: a firing delivery came so soon after the end
    that it may be a late one.
    """

    id: str
    ended_by: Source | None
    starts_at: str
    seq: int
    last_seen_at: str
    is_doubted: bool = False


@dataclass(frozen=True, slots=True)
class Append:
    """Add an event ``id`` to ``episode``, which is the latest one unless ``is_latest`` says otherwise."""

    id: str
    episode: str
    is_latest: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """Add no event: it is one more delivery of the event numbered ``seq``.

    ``confirms_end``: Alertmanager itself now says what so far only the reconciler had said, that the episode
    ended. ``doubts_end``: the latest episode has ended, but this shows its alert firing. ``settles_doubt``:
    the end is repeated, so that firing was a late delivery.
    """

    seq: int
    confirms_end: bool = False
    doubts_end: bool = False
    settles_doubt: bool = False


def decide(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """Apply the rule, given the latest episode of the fingerprint and its events with the same start."""
    rule = _firing if occurrence.status is Status.FIRING else _resolved
    return rule(occurrence, latest, recorded)


def _firing(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """1. A start never seen opens an episode, or continues the open one (Prometheus may forget starts).

    2. A start seen before, or one older than the open episode's, is a repeat while an episode is open.
    3. A start seen before, of an episode that ended: within a minute of the end Alertmanager may deliver
       late. That is counted, and the end is in doubt until Alertmanager repeats it. After a minute the alert
       is on, and the episode is taken up again; so it is at once where only the reconciler ended it, or now
       sees the alert firing.
    """
    if latest is not None and latest.ended_by is None:
        if recorded:
            return Count(recorded[0].seq)
        is_older = occurrence.starts_at < latest.starts_at
        return Count(latest.seq) if is_older else _append(occurrence, latest.id, 0)
    if latest is None or not recorded:
        return _append(occurrence, "", 0)
    is_seen_firing = occurrence.source is Source.RECONCILE
    if is_seen_firing or _is_only_reconciled(latest, recorded) or not _may_be_late(occurrence, latest):
        times = sum(row.status is occurrence.status for row in recorded)
        return _append(occurrence, latest.id, times)
    return Count(recorded[0].seq, doubts_end=True)


def _resolved(occurrence: Occurrence, latest: Episode | None, recorded: Sequence[Recorded]) -> Append | Count:
    """1. While an episode is open it ends it, unless it is the end of an earlier stretch.

    2. Else it is a repeat if this end is known,
    3. else an end the journal had not heard of: recorded, as part of the episode with that start or of its
       own.
    """
    same = [row for row in recorded if row.status is occurrence.status]
    is_earlier = latest is not None and _is_earlier(occurrence, latest)
    if latest and latest.ended_by is None:
        is_repeat = bool(same) and all(row.episode != latest.id for row in recorded)
        if is_earlier or (is_repeat and occurrence.starts_at < latest.starts_at):
            return Count(recorded[0].seq) if recorded else _append(occurrence, "", 0, is_latest=False)
        return _append(occurrence, latest.id, len(same))
    if same:
        if latest is None or occurrence.source is Source.RECONCILE:
            return Count(same[0].seq)
        settles = latest.is_doubted and not is_earlier
        return Count(same[0].seq, _is_only_reconciled(latest, same), settles_doubt=settles)
    return _append(occurrence, recorded[0].episode if recorded else "", 0, is_latest=not is_earlier)


def _is_only_reconciled(latest: Episode, recorded: Sequence[Recorded]) -> bool:
    return latest.ended_by is Source.RECONCILE and any(row.episode == latest.id for row in recorded)


def _is_earlier(end: Occurrence, latest: Episode) -> bool:
    """Say whether an end is that of a stretch which was over when the latest episode's newest one began.

    Where the alert's stretches overlap, as two Prometheus servers tell of it, one end is the end of all.
    """
    return end.starts_at < latest.starts_at and (end.ends_at or end.starts_at) <= latest.starts_at


def _may_be_late(firing: Occurrence, latest: Episode) -> bool:
    ended_at = datetime.fromisoformat(latest.last_seen_at)
    return datetime.fromisoformat(firing.received_at) - ended_at < LATE


def _append(occurrence: Occurrence, episode: str, counter: int, *, is_latest: bool = True) -> Append:
    key = event_id(occurrence.fingerprint, occurrence.starts_at, occurrence.status, counter)
    return Append(key, episode or key, is_latest)
