"""What Prometheus reads on ``/metrics``; every label has a bounded set of values."""

import math
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]

ODD = ("mended", "kept_aside", "refused")
REFUSALS = ("invalid", "too_large", "unauthorized", "forbidden")
"""Reasons that no second try mends; counted from 0, so that a rule sees the first one."""


class Metrics:
    """The instruments of one webhook, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "oims_webhook_requests", "Requests answered, by status code.", ["code"], registry=self.registry
        )
        self.alerts = Counter(
            "oims_webhook_alerts",
            "Alerts taken: accepted as new events, or counted as duplicates.",
            ["result"],
            registry=self.registry,
        )
        self.rejected = Counter(
            "oims_webhook_rejected", "Deliveries refused, by reason.", ["reason"], registry=self.registry
        )
        self.odd = Counter(
            "oims_webhook_odd_alerts",
            "Alerts of an odd form: mended, kept aside as alerts that could not be read, or refused.",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in ODD:
            self.odd.labels(outcome)
        for reason in REFUSALS:
            self.rejected.labels(reason)
        self.truncated = Counter(
            "oims_webhook_truncated_alerts",
            "Alerts that Alertmanager left out of its messages (max_alerts).",
            registry=self.registry,
        )
        self.lost_lines = Counter(
            "oims_webhook_lost_lines",
            "Log lines not written because nobody read stdout; followers fetch those events from /events.",
            registry=self.registry,
        )
        self.last_seq = Gauge("oims_journal_last_seq", "Number of the newest event.", registry=self.registry)
        self.rows = Gauge("oims_journal_rows", "Events kept in the journal.", registry=self.registry)
        self.bytes = Gauge("oims_journal_bytes", "Size of the events kept.", registry=self.registry)
        self.commit_seconds = Histogram(
            "oims_journal_commit_seconds",
            "Time of one transaction of the journal, which may hold several deliveries.",
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=self.registry,
        )
        self.pruned = Counter(
            "oims_journal_pruned_events", "Events removed by retention.", registry=self.registry
        )
        self.reconciled = Counter(
            "oims_journal_reconciled",
            "Events that came from comparing with Alertmanager, not from a delivery.",
            ["status"],
            registry=self.registry,
        )
        self.reconcile_failures = Counter(
            "oims_journal_reconcile_failures",
            "Comparisons with Alertmanager that could not be made.",
            registry=self.registry,
        )

    def watch_volume(self, folder: Path) -> None:
        """Tell the room of the journal's volume, each time it is asked."""

        def usage(field: str) -> float:
            try:
                return float(getattr(shutil.disk_usage(folder), field))
            except OSError:
                return math.nan

        free = Gauge("oims_volume_free_bytes", "Free bytes of the journal's volume.", registry=self.registry)
        size = Gauge("oims_volume_size_bytes", "Size of the journal's volume.", registry=self.registry)
        free.set_function(lambda: usage("free"))
        size.set_function(lambda: usage("total"))

    def exposition(self) -> bytes:
        """All instruments in the text format."""
        return generate_latest(self.registry)
