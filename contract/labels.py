"""The labels that say what an alert is about, most telling first: one table for all parts.

Where an alert has more labels than are kept, these stay.
"""

from collections.abc import Iterable, Mapping

TEST_ALERT = "HelmTest"
"""An alert of this name tries out the path of alerts and calls nobody.

The mark is the name, since a rule gives it: labels come from what is measured as well, which could so keep
its own alerts quiet.
"""
SEVERITY = ("severity", "priority", "level", "criticality")
SERVICE = ("service", "job", "app", "application", "app_kubernetes_io_name", "app.kubernetes.io/name")
PLACE = (
    "namespace",
    "cluster",
    "pod",
    "deployment",
    "statefulset",
    "daemonset",
    "job_name",
    "cronjob",
    "horizontalpodautoscaler",
    "persistentvolumeclaim",
    "node",
    "instance",
    "container",
    "device",
    "mountpoint",
)
PASSING = ("instance", "pod", "uid", "endpoint", "container")
"""Labels that tell of an exporter, or change with it."""
TELLING = ("alertname", *SEVERITY, *SERVICE, *PLACE, "team", "env", "environment")
WORDS = ("summary", "message", "description", "runbook_url", "dashboard_url")
"""The annotations that say most."""


def most_telling[Value](
    pairs: Mapping[str, Value], most: int, first: Iterable[str] = TELLING
) -> dict[str, Value]:
    """Return at most ``most`` pairs, in the order they have: those named in ``first`` before any others."""
    if len(pairs) <= most:
        return dict(pairs)
    named = [name for name in dict.fromkeys(first) if name in pairs]
    chosen = {*named, *[name for name in pairs if name not in set(named)][: max(0, most - len(named))]}
    return {name: value for name, value in pairs.items() if name in chosen}


def is_test(labels: Mapping[str, str]) -> bool:
    """Say whether an alert with these labels only tries out the path of alerts."""
    return labels.get("alertname") == TEST_ALERT
