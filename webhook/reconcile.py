"""The reconciler: compares the journal with Alertmanager, so that a delivery that never came is not missed.

Alertmanager drops an alert that fires and resolves while its receiver can't be reached, and forgets what it
had not yet delivered when it is restarted. So:

1. An alert that is on, is meant for this webhook and has no open episode is recorded. One whose episode
   Alertmanager itself had ended must be seen so in two looks, since its next delivery may just be on the way.
2. An episode that is open, but missing from every look for longer than Prometheus takes to send its alerts
   again, is ended. Silenced and inhibited alerts are not missing, and Grafana's are not looked for.
3. What an alert says is recorded anew when it has changed, at most every five minutes.
4. Nothing is concluded from a failed look, and nothing is missing in an Alertmanager that has just started:
   it knows no alerts until Prometheus sends them again. With several, nothing is missing unless all answer.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from contract.moments import rfc3339
from webhook import event
from webhook.alertmanager import AlertmanagerError
from webhook.alertmanagers import Everywhere, look_at_all
from webhook.config import Settings
from webhook.fingerprints import fingerprint
from webhook.journal import Journal, JournalUnavailableError, OpenEpisode, Receipt, Source, Status
from webhook.mending import words
from webhook.metrics import Metrics
from webhook.payload import Alert, Message, read_alert

CLOCK_SECONDS = 1.0
"""The clock of an answer has whole seconds."""
WORDS_LAST = timedelta(minutes=5)
"""How often what an alert says is recorded anew: where it has numbers, each look would show others."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Missing:
    """An episode that Alertmanager does not show: since when, by two clocks."""

    episode: str
    since: datetime
    since_monotonic: float


def decides(delivered: dict[str, Any]) -> bool:
    """Say whether a look shows if the alert of this event is on: whether Alertmanager delivered it."""
    return delivered["source"] != Source.GRAFANA and bool(delivered["receiver"])


class Reconciler:
    """Looks at Alertmanager once per call of ``run``."""

    def __init__(self, settings: Settings, journal: Journal, metrics: Metrics) -> None:
        self._settings = settings
        self._servers = settings.alertmanagers
        self._journal = journal
        self._metrics = metrics
        self._missing: dict[str, _Missing] = {}
        self._unmatched: set[tuple[str, str]] = set()
        self._looked_at: float | None = None
        self._watchdog_at: float | None = None

    @property
    def watchdog_age_seconds(self) -> float | None:
        """How long ago Prometheus last sent Alertmanager the alert that always fires; none if it never did.

        It grows while either of them is away: no news from the journal is then no good news.
        """
        return None if self._watchdog_at is None else time.monotonic() - self._watchdog_at

    def run(self) -> None:
        """Compare once; a look that fails makes what was missing start anew."""
        if not self._servers:
            return
        try:
            self._compare(look_at_all(self._servers, self._settings.ca_file))
        except (AlertmanagerError, JournalUnavailableError) as error:
            self._metrics.reconcile_failures.inc()
            self._forget()
            log.warning("reconcile_failed", reason=str(error))

    def _forget(self) -> None:
        self._missing.clear()
        self._unmatched.clear()

    def _compare(self, seen: Everywhere) -> None:
        if seen.watchdog_age_seconds is not None:
            self._watchdog_at = time.monotonic() - seen.watchdog_age_seconds
        last, self._looked_at = self._looked_at, time.monotonic()
        if last is None or seen.up_seconds < self._looked_at - last + CLOCK_SECONDS:
            self._forget()
        episodes = {episode.fingerprint: episode for episode in self._journal.open_episodes()}
        self._record_unheard(seen, episodes)
        if not seen.is_whole:
            self._metrics.reconcile_failures.inc()
            self._missing.clear()
        elif seen.up_seconds >= self._settings.reconcile_gone_after:
            self._end_gone(seen, episodes)

    def _record_unheard(self, seen: Everywhere, episodes: dict[str, OpenEpisode]) -> None:
        unmatched: set[tuple[str, str]] = set()
        for document in seen.alerts:
            alert = self._alert(document)
            if alert is None:
                continue
            episode = episodes.get(alert.fingerprint or fingerprint(alert.labels))
            if episode is not None:
                self._take_words(alert, episode)
                continue
            row = self._row(alert)
            key = (row["fingerprint"], row["starts_at"])
            is_confirmed = key in self._unmatched
            unmatched.add(key)
            self._count(self._journal.append_unheard(row, is_confirmed=is_confirmed), Status.FIRING)
        self._unmatched = unmatched

    def _take_words(self, alert: Alert, episode: OpenEpisode) -> None:
        """Record what an alert says now: Alertmanager tells it when its group changes, or after hours."""
        known = episode.firing
        age = event.now() - datetime.fromisoformat(known["received_at"])
        row = self._row(alert)
        if age >= WORDS_LAST and words(row) != words(known):
            self._count(self._journal.append([row]), Status.FIRING)

    def _row(self, alert: Alert) -> dict[str, Any]:
        message = Message.model_construct(
            receiver=self._settings.alertmanager_receiver, group_key="", alerts=[alert]
        )
        return event.from_alert(alert, message, event.now(), Source.RECONCILE)

    def _alert(self, document: dict[str, Any]) -> Alert | None:
        """Read an alert of Alertmanager's API if it is on, not muted, and meant for this webhook."""
        receivers = document.get("receivers")
        names = (
            [item.get("name") for item in receivers if isinstance(item, dict)]
            if isinstance(receivers, list)
            else []
        )
        status = document.get("status")
        if self._settings.alertmanager_receiver not in names or not isinstance(status, dict):
            return None
        if status.get("state") != "active":
            return None
        return read_alert(document | {"status": "firing"})

    def _end_gone(self, seen: Everywhere, episodes: dict[str, OpenEpisode]) -> None:
        shown = {document.get("fingerprint") for document in seen.alerts}
        missing: dict[str, _Missing] = {}
        for name, episode in episodes.items():
            if name in shown or episode.firing["source"] == Source.GRAFANA:
                continue
            known = self._missing.get(name)
            if (
                known is None
                or known.episode != episode.episode
                or episode.last_seen_at >= rfc3339(known.since)
            ):
                known = _Missing(episode.episode, event.now(), time.monotonic())
            missing[name] = known
            if time.monotonic() - known.since_monotonic >= self._settings.reconcile_gone_after:
                self._end(episode, known)
        self._missing = missing

    def _end(self, episode: OpenEpisode, missing: _Missing) -> None:
        now = rfc3339(event.now())
        gone = {
            name: value for name, value in episode.firing.items() if name not in {"seq", "id", "episode"}
        } | {
            "status": Status.RESOLVED,
            "source": Source.RECONCILE,
            "received_at": now,
            "ends_at": now,
        }
        receipt = self._journal.end_episode(gone, missing.episode, unseen_since=rfc3339(missing.since))
        self._count(receipt, Status.RESOLVED)

    def _count(self, receipt: Receipt, status: Status) -> None:
        if receipt.accepted:
            self._metrics.reconciled.labels(status).inc(receipt.accepted)
            log.info("reconciled", status=str(status), last_seq=receipt.last_seq)
