"""What Prometheus scrapes: requests of this process, and the installation's state from the database."""

from collections.abc import Collection, Iterator, Mapping

from flask import Flask, Request, g, request
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import throttle
from app.escalations import queries as escalations
from app.extensions import db
from app.heartbeats import queries as heartbeats
from app.ops import callers, figures, room
from app.records.automation import AutomationHeartbeat
from app.records.channels import Channel
from app.records.escalations import EscalationState
from app.records.heartbeats import Beat
from app.records.lifecycle import State
from app.records.outbox import MailState
from app.severities import Severity
from contract.runs import GIVEN, OVER

SLOTS = 8
"""Requests this process is made to serve at once."""

SPARE_THREADS = 4
"""The web server's threads beyond those: two for automations that wait for instructions, two so that probes
are answered while all slots are taken. A full app is to be scaled, not to be restarted."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
OUTCOMES: dict[str, Collection[str]] = {
    "oims_remediation_runs_total": OVER,
    "oims_remediation_verdicts_total": GIVEN,
}
UNCOUNTED = frozenset({"ops.healthz", "ops.readyz", "static", "api.get_instructions"})


class Database(Collector):
    """Metrics counted in the database when they are scraped, so that every replica tells the same."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; without a database none but of its volume, rather than old ones."""
        try:
            yield from _incidents()
            yield from _mails()
            yield from _heartbeats()
            yield from _paging()
            yield from _journal()
            yield from _automation()
        except SQLAlchemyError:
            db.session.rollback()
        yield from _volume()

    def describe(self) -> list[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return []


def init_app(app: Flask) -> None:
    """Count requests by rule, not by path: paths are without end."""
    callers.init_app(app)
    registry = CollectorRegistry()
    exporter = PrometheusMetrics(
        app=None,
        path=None,
        group_by=url_rule,
        default_labels={"caller": callers.caller},
        buckets=BUCKETS,
        registry=registry,
    )
    exporter.init_app(app)
    registry.register(Database())
    registry.register(throttle.REFUSALS)
    slots = Gauge("oims_http_request_slots", "Requests that can be served at once.", registry=registry)
    slots.set(SLOTS)
    in_flight = Gauge("oims_http_requests_in_flight", "Requests being served now.", registry=registry)
    app.extensions["metrics"] = registry

    @app.before_request
    def enter() -> None:
        if request.endpoint not in UNCOUNTED:
            g.is_counted = True
            in_flight.inc()

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if g.pop("is_counted", False):
            in_flight.dec()


def exposition(app: Flask) -> bytes:
    """Return the metrics in the text format."""
    with app.app_context():
        return generate_latest(app.extensions["metrics"])


def url_rule(current: Request) -> str:
    """Return a request's route (this function's name is the label's); unknown addresses share one."""
    return current.url_rule.rule if current.url_rule else "none"


def _incidents() -> Iterator[Metric]:
    counts = figures.incidents()
    metric = GaugeMetricFamily(
        "oims_incidents", "Incidents by state and severity.", labels=["state", "severity"]
    )
    for state in State:
        for severity in Severity:
            metric.add_metric([state, severity], counts.get((state, severity), 0))
    yield metric


def _mails() -> Iterator[Metric]:
    counts = figures.messages()
    metric = GaugeMetricFamily("oims_mail_outbox", "Mails by state.", labels=["state"])
    for state in MailState:
        metric.add_metric([state], counts.get((Channel.MAIL, state), 0))
    yield metric
    yield GaugeMetricFamily(
        "oims_mail_oldest_waiting_seconds",
        "Age of the oldest mail not sent yet.",
        figures.oldest_message_s(Channel.MAIL),
    )
    yield from _other_messages(counts)


def _other_messages(counts: Mapping[tuple[Channel, MailState], int]) -> Iterator[Metric]:
    """Count what leaves by another channel than mail."""
    metric = GaugeMetricFamily(
        "oims_messages", "Messages by other channels than mail.", labels=["channel", "state"]
    )
    ages = GaugeMetricFamily(
        "oims_messages_oldest_waiting_seconds", "Age of the oldest message not sent yet.", labels=["channel"]
    )
    for channel in Channel:
        if channel is Channel.MAIL:
            continue
        for state in MailState:
            metric.add_metric([channel, state], counts.get((channel, state), 0))
        ages.add_metric([channel], figures.oldest_message_s(channel))
    yield metric
    yield ages


def _heartbeats() -> Iterator[Metric]:
    counts = heartbeats.counts()
    metric = GaugeMetricFamily("oims_heartbeats", "Heartbeats of jobs by state.", labels=["state"])
    for state in Beat:
        metric.add_metric([state], counts.get(state, 0))
    yield metric


def _paging() -> Iterator[Metric]:
    counts = escalations.counts()
    metric = GaugeMetricFamily("oims_escalations", "Paging for incidents, by state.", labels=["state"])
    for state in EscalationState:
        metric.add_metric([state], counts.get(state, 0))
    yield metric
    yield GaugeMetricFamily(
        "oims_escalations_unanswered",
        "Open incidents whose chain ended unanswered.",
        escalations.unanswered(),
    )
    pages = CounterMetricFamily("oims_pages_total", "Pages to people.", labels=["outcome"])
    for outcome, count in zip(("sent", "capped"), escalations.page_counts(), strict=True):
        pages.add_metric([outcome], count)
    yield pages


def _journal() -> Iterator[Metric]:
    offset, lag_s = figures.journal()
    yield GaugeMetricFamily("oims_journal_consumer_offset", "Last event taken from the journal.", offset)
    yield GaugeMetricFamily(
        "oims_journal_consumer_lag_seconds", "Time since the journal was read to its end.", lag_s
    )
    yield CounterMetricFamily(
        "oims_journal_gaps_total", "Times events were pruned unread.", figures.journal_gaps()
    )
    if (beat := figures.worker_beat()) is not None:
        yield GaugeMetricFamily(
            "oims_worker_heartbeat_timestamp_seconds", "Last sign of life of a worker.", beat
        )


def _volume() -> Iterator[Metric]:
    """Tell the room for an SQLite database; a full volume is told, too, for nothing is written."""
    try:
        found = room.volume(db.engine)
    except OSError:
        return
    if found is not None:
        free, size = found
        yield GaugeMetricFamily("oims_volume_free_bytes", "Free bytes of the database's volume.", free)
        yield GaugeMetricFamily("oims_volume_size_bytes", "Size of the database's volume.", size)


def _expected(name: str, beat: AutomationHeartbeat | None) -> Iterator[tuple[str, str]]:
    """Yield labels that may come: a counter that begins at 1 has no increase for the rules to see."""
    for remedy in beat.remedies if beat is not None else []:
        for word in OUTCOMES.get(name, ()):
            yield remedy["name"], word


def _automation() -> Iterator[Metric]:
    if (beat := figures.automation_beat()) is not None:
        yield GaugeMetricFamily(
            "oims_automation_heartbeat_timestamp_seconds",
            "Last heartbeat received.",
            beat.received_at.timestamp(),
        )
        yield GaugeMetricFamily(
            "oims_automation_journal_lag_seconds",
            "Time since it read the journal to its end, by its last heartbeat.",
            beat.lag_s,
        )
    is_paused = figures.is_paused(beat)
    yield GaugeMetricFamily("oims_automation_paused", "1 while people have paused it.", is_paused)
    for name, text, labels, rows in figures.automation():
        metric = CounterMetricFamily(name, text, labels=labels)
        known = {tuple(values): count for values, count in rows}
        for values, count in (dict.fromkeys(_expected(name, beat), 0) | known).items():
            metric.add_metric(values, count)
        yield metric
