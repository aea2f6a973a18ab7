"""What Prometheus scrapes from automation itself: what became of each remedy, and where it stands.

The app exports the reported runs and verdicts too, and the shipped rules look there; this is for a look at
one automation, also while the app is away. Counters begin at zero with the process.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from automation.errors import ConfigurationError
from automation.ledger.runs import Run
from automation.policy.schemas import Policy
from automation.records import Decision
from contract import binds
from contract.decisions import DecisionKind
from contract.runs import GIVEN, TOLD

STATES = tuple(sorted(TOLD))
BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)
LOOK, NONE, REMOVED = "diagnostics", "none", "removed"
"""In the place of a remedy's name: a look at a target; no remedy fits; the policy has it no more."""

Gauges = dict[str, tuple[str, float]]
"""Name of a gauge to its help and its value."""


class Start(StrEnum):
    """How `ansible-playbook` was started."""

    WARM = "warm"
    FRESH = "fresh"


class Metrics:
    """Counts what happens. Label values are those of the policy and of this module, never an alert's."""

    def __init__(self, policy: Policy) -> None:
        self.registry = CollectorRegistry()
        self._remedies = frozenset(remedy.label for remedy in policy.remedies)
        self._runs = self._counter("runs", "Playbook runs that ended.", "remedy", "state")
        self._verdicts = self._counter("verdicts", "Runs by whether they helped.", "remedy", "verdict")
        self._skips = self._counter("skips", "Decisions not to run, or not yet.", "remedy", "reason")
        self._starts = self._counter("starts", "Playbooks that were started.", "start")
        self._durations = Histogram(
            "oims_automation_run_duration_seconds",
            "Time that playbook runs took.",
            ["remedy"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        for start in Start:
            self._starts.labels(start)
        for label in self._remedies:  # a counter that begins at 1 has no increase
            self._durations.labels(label)
            for state in STATES:
                self._runs.labels(label, state)
            for verdict in GIVEN:
                self._verdicts.labels(label, verdict)

    def decided(self, decision: Decision) -> None:
        """Count a decision that was recorded."""
        if decision.kind is not DecisionKind.RUN and decision.reason:
            self._skips.labels(self._label(decision.remedy), decision.reason.value).inc()

    def started(self, start: Start) -> None:
        """Count a playbook that was started, to repair, to look or to be tried."""
        self._starts.labels(start).inc()

    def ended(self, run: Run, duration: float | None) -> None:
        """Count a run that is over; `duration` is none when its playbook did not run to an end."""
        label = self._label_of(run)
        self._runs.labels(label, run.state).inc()
        if duration is not None:
            self._durations.labels(label).observe(duration)

    def judged(self, run: Run, verdict: str) -> None:
        """Count a verdict."""
        self._verdicts.labels(self._label_of(run), verdict).inc()

    def serve(self, bind: str, gauges: Callable[[], Gauges]) -> None:
        """Answer scrapes on `host:port` in a thread. Raises ConfigurationError when that is not possible."""
        self.registry.register(_Gauges(gauges))
        host, port = binds.split(bind)
        if host == binds.ALL and not binds.has_ipv6():
            host = "0.0.0.0"  # noqa: S104 - all addresses, as `[::]` is
        try:
            start_http_server(port, host, self.registry)
        except OSError as error:
            raise ConfigurationError(
                f"OIMS_METRICS_BIND: cannot listen on {bind}: {error.strerror}; choose another port, "
                "or leave it unset"
            ) from None

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"oims_automation_{name}_total", text, labels, registry=self.registry)

    def _label_of(self, run: Run) -> str:
        return self._label(run.document["remedy"]) if run.attempt else LOOK

    def _label(self, remedy: str | None) -> str:
        if remedy is None:
            return NONE
        return remedy if remedy in self._remedies else REMOVED


class _Gauges(Collector):
    """Where automation stands when it is asked."""

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        for name, (text, value) in self._gauges().items():
            yield GaugeMetricFamily(f"oims_automation_{name}", text, value)

    def describe(self) -> list[Metric]:
        return []
