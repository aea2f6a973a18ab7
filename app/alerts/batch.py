"""The episodes and incidents that one transaction's events concern: read at once, locked, kept up to date.

It answers as the queries of `app.incidents.queries` would, without storing rows after each event. For older
incidents of an alert that has left the newest one, it asks those queries.
"""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.alerts.events import JournalEvent
from app.extensions import db
from app.incidents import numbers, queries
from app.records import rows, timeline, timeline_order
from app.records.alerts import AlertEvent
from app.records.incidents import Incident


@dataclass(frozen=True)
class Last:
    """The newest event of an episode that took effect."""

    seq: int
    status: str
    starts_at: datetime | None
    incident_id: int | None


class Batch:
    """The episodes and incidents of some events; ``identities`` gives that of each event, in their order."""

    def __init__(self, events: Sequence[JournalEvent], identities: Sequence[str]) -> None:
        self._last = _last_events({event.episode for event in events})
        by_fingerprint = queries.newest(Incident.fingerprint, {event.fingerprint for event in events})
        by_identity = queries.newest(Incident.identity, set(identities))
        concerned = {last.incident_id for last in self._last.values() if last.incident_id is not None}
        concerned.update(by_fingerprint.values(), by_identity.values())
        self._incidents = {incident.id: incident for incident in timeline.lock_all(concerned)}
        self._newest = {"fingerprint": by_fingerprint, "identity": by_identity}
        self._names = {incident.id: _names(incident) for incident in self._incidents.values()}
        self._left: set[tuple[str, str]] = set()
        timeline_order.learn(self._incidents)
        unknown = {
            identity
            for event, identity in zip(events, identities, strict=True)
            if event.opens_incidents
            and event.fingerprint not in by_fingerprint
            and identity not in by_identity
        }
        self._numbers = deque(numbers.reserve(len(unknown)) if unknown else ())

    def latest(self, fingerprint: str, identity: str) -> Incident | None:
        """Return the newest incident of this alert, or of the same trouble, whatever its state; locked."""
        keys = (("fingerprint", fingerprint), ("identity", identity))
        if self._left.intersection(keys):
            rows.insert_gathered()
            return self._locked(queries.latest_for(fingerprint, identity))
        ids = [found for kind, name in keys if (found := self._newest[kind].get(name)) is not None]
        return self._incidents[max(ids)] if ids else None

    def of_episode(self, episode: str) -> Incident | None:
        """Return the incident an episode belongs to; locked."""
        last = self._last.get(episode)
        if last is None:
            return None
        if last.incident_id is None:
            rows.insert_gathered()
            return self._locked(queries.of_episode(episode))
        return self._incidents[last.incident_id]

    def last_of(self, episode: str) -> Last | None:
        """Return the newest event of an episode."""
        return self._last.get(episode)

    def number(self) -> int:
        """Return the id of an incident to be opened."""
        if not self._numbers:
            db.session.flush()
            self._numbers.extend(numbers.reserve(1))
        return self._numbers.popleft()

    def took_effect(self, event: JournalEvent, incident: Incident | None) -> None:
        """Keep in mind what an event did."""
        last = self._last.get(event.episode)
        if last is None or event.seq > last.seq:
            incident_id = incident.id if incident else None
            self._last[event.episode] = Last(event.seq, event.status, event.starts_at, incident_id)
        if incident is not None:
            self._keep(incident)

    def _locked(self, incident: Incident | None) -> Incident | None:
        if incident is not None and incident.id not in self._incidents:
            self._keep(timeline.lock(incident.id))
        return incident

    def _keep(self, incident: Incident) -> None:
        """Know an incident by the names it has now; of one that it has left, another may be the newest."""
        names, before = _names(incident), self._names.get(incident.id, {})
        self._incidents[incident.id], self._names[incident.id] = incident, names
        self._left.update(item for item in before.items() if names[item[0]] != item[1])
        for kind, name in names.items():
            self._newest[kind][name] = max(incident.id, self._newest[kind].get(name, 0))


def _names(incident: Incident) -> dict[str, str]:
    return {"fingerprint": incident.fingerprint or "", "identity": incident.identity or ""}


def _last_events(episodes: Collection[str]) -> dict[str, Last]:
    newest = (
        select(func.max(AlertEvent.seq)).where(AlertEvent.episode.in_(episodes)).group_by(AlertEvent.episode)
    )
    columns = (AlertEvent.seq, AlertEvent.status, AlertEvent.starts_at, AlertEvent.incident_id)
    statement = select(AlertEvent.episode, *columns).where(
        AlertEvent.episode.in_(episodes), AlertEvent.seq.in_(newest)
    )
    found = db.session.execute(statement.order_by(AlertEvent.seq))
    return {row.episode: Last(row.seq, row.status, row.starts_at, row.incident_id) for row in found}
