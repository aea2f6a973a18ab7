"""The webhook: takes Alertmanager's alerts, records them, and only then says so."""

import sys
from datetime import timedelta

import structlog
from flask import Flask

from contract.moments import rfc3339
from webhook import errors, event, health, mutes, routes
from webhook.access import AccessLog
from webhook.alertmanagers import suppressed_by_any
from webhook.config import Settings
from webhook.intake import Intake
from webhook.journal import LATE, Journal, JournalUnavailableError, open_store
from webhook.lines import LineWriter, to_line
from webhook.metrics import Metrics
from webhook.periodic import Periodic
from webhook.reconcile import Reconciler, decides
from webhook.refusals import Refusals
from webhook.signing import signed_line

log = structlog.get_logger(__name__)

PRUNE_INTERVAL_SECONDS = 60.0
SETTLE_INTERVAL_SECONDS = 5.0


class Webhook(Flask):
    """The Flask application, with the threads that belong to it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("webhook", static_folder=None)
        self.url_map.strict_slashes = False
        self.url_map.merge_slashes = False
        self.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
        self.settings = settings
        self.metrics = Metrics()
        self.lines = LineWriter(sys.stdout.fileno(), self.metrics.lost_lines.inc)
        key = settings.event_credential
        place = settings.journal_credential
        store = open_store(place.text(), place.text)
        if store.folder is not None:
            self.metrics.watch_volume(store.folder)
        self.journal = Journal(
            store,
            on_event=lambda text: self.lines.write(lambda: signed_line(text, key.value)),
            on_commit=self.metrics.commit_seconds.observe,
        )
        writer, reader = settings.writer_credential, settings.reader_credential
        errors.init_app(self, self.metrics)
        refusals = Refusals()
        reconciler = Reconciler(settings, self.journal, self.metrics)
        self.register_blueprint(
            routes.blueprint(
                journal=self.journal,
                reader=reader,
                writer=writer,
                event_key=key,
                watchdog_age=lambda: reconciler.watchdog_age_seconds,
                refused=refusals.newest,
            )
        )
        servers, ca_file = settings.alertmanagers, settings.ca_file
        held_back = mutes.Mutes(lambda: suppressed_by_any(servers, ca_file))
        self.register_blueprint(mutes.blueprint(read=held_back.read, reader=reader, writer=writer))
        self.register_blueprint(health.blueprint(self.journal, refusals.newest))
        intake = Intake(
            self.wsgi_app,
            journal=self.journal,
            metrics=self.metrics,
            refusals=refusals,
            writer=writer,
            reader=reader,
        )
        self.wsgi_app = AccessLog(intake, self.lines.write, self.metrics)  # type: ignore[method-assign]
        self._threads = [
            Periodic("heartbeat", self._heartbeat, settings.heartbeat_interval),
            Periodic("retention", self._prune, PRUNE_INTERVAL_SECONDS),
        ]
        self._threads.append(Periodic("settle", self._settle, SETTLE_INTERVAL_SECONDS))
        if servers:
            self._threads.append(Periodic("reconcile", reconciler.run, settings.reconcile_interval))

    def exposition(self) -> bytes:
        """Show the instruments; the journal's gauges stay as they were while it can't be read."""
        try:
            state = self.journal.state()
        except JournalUnavailableError:
            pass
        else:
            self.metrics.last_seq.set(state.last_seq)
            self.metrics.rows.set(state.row_count)
            self.metrics.bytes.set(state.byte_count)
        return self.metrics.exposition()

    def interrupt(self) -> None:
        """Send away those who wait for events: the process is about to end."""
        self.journal.interrupt()

    def close(self) -> None:
        """Finish what was begun, in the order in which it depends on each other."""
        for thread in self._threads:
            thread.stop()
        self.journal.close()
        self.lines.close()

    def _heartbeat(self) -> None:
        try:
            seq: int | None = self.journal.last_seq()
        except JournalUnavailableError:
            seq = None
        self.lines.write(lambda: to_line(kind="heartbeat", seq=seq, at=rfc3339(event.now())))

    def _settle(self) -> None:
        now, has_reconciler = event.now(), bool(self.settings.alertmanagers)
        try:
            settled = self.journal.settle(
                rfc3339(now),
                rfc3339(now - LATE),
                leaves=lambda delivered: has_reconciler and decides(delivered),
            ).accepted
        except JournalUnavailableError as error:
            log.warning("doubts_postponed", reason=error.reason)
            return
        if settled:
            log.info("episodes_taken_up_again", count=settled)

    def _prune(self) -> None:
        before = event.now() - timedelta(seconds=self.settings.webhook_retention_age)
        try:
            pruned = self.journal.prune(
                received_before=rfc3339(before), keep_bytes=self.settings.webhook_retention_size
            )
        except JournalUnavailableError as error:
            log.warning("retention_postponed", reason=error.reason)
            return
        if pruned:
            self.metrics.pruned.inc(pruned)
            log.info("events_pruned", count=pruned, received_before=rfc3339(before))


def create_app(settings: Settings) -> Webhook:
    """Build the application for valid settings; its threads run until ``close``."""
    return Webhook(settings)
