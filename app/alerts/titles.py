"""What an incident of an alert is called: what is wrong, and with which workload.

A title is made from a template with placeholders: labels, annotations, and `what` and `where`, which are
worked out here. A placeholder is replaced, never evaluated; one that the alert doesn't have is empty.
"""

import re
from collections.abc import Mapping

from app.alerts.exporters import OF_A_CLUSTER, is_exporter, is_of, is_of_a_node
from contract import limits
from contract.text import one_line

DEFAULT = "{what}: {where}"

WORKLOADS = (
    "deployment",
    "statefulset",
    "daemonset",
    "cronjob",
    "job_name",
    "horizontalpodautoscaler",
    "poddisruptionbudget",
    "persistentvolumeclaim",
    "persistentvolume",
    "replicaset",
    "ingress",
    "resourcequota",
    "pod",
)
"""Labels that name a thing in a namespace, in the order in which they tell most."""

NODES = ("node", "nodename")
PARTS_OF_A_NODE = ("mountpoint", "device")
AROUND = " \t:,;-/|"

_PLACEHOLDER = re.compile(r"\{([^{}]{1,256})\}")


def title(
    alertname: str, labels: Mapping[str, str], annotations: Mapping[str, str], template: str = DEFAULT
) -> str:
    """Return an incident's title, one line of at most `limits.NAME` characters."""
    found = what(alertname, annotations)
    place = where(labels)
    told = "" if is_told(place, found) else place
    values = {**annotations, **labels, "what": found.rstrip(".") if told else found, "where": told}
    filled = _PLACEHOLDER.sub(lambda match: one_line(values.get(match[1], ""), limits.NAME), template)
    line = filled.strip(AROUND)
    if len(line) > limits.NAME and told and line.endswith(told):
        line = f"{one_line(line[: -len(told)], limits.NAME - len(told) - 2)}: {told}"
    return one_line(line, limits.NAME) or alertname


def what(alertname: str, annotations: Mapping[str, str]) -> str:
    """Return what is wrong, in the rule's words: its summary, else its message, else the alert's name."""
    for name in ("summary", "message"):
        words = one_line(annotations.get(name, ""), limits.NAME)
        if words:
            return words
    return alertname


def where(labels: Mapping[str, str]) -> str:
    """Return which workload, node or instance an alert is about, as in `shop/web-7d9c`; empty if none.

    The exporter that measured it is no answer, and neither are its pod and address.
    """
    namespace = labels.get("namespace") or labels.get("exported_namespace") or ""
    if is_of_a_node(labels):
        return _short(" ".join([_node(labels), *_parts(labels)]))
    thing = next((labels[name] for name in WORKLOADS if _is_specific(labels, name)), "")
    thing = thing or labels.get("exported_pod", "")
    if thing:
        return _short(f"{namespace}/{thing}" if namespace else thing)
    if any(labels.get(name) for name in NODES):
        return _short(_node(labels))
    if is_of(labels, OF_A_CLUSTER):
        return _short(namespace)
    if namespace and not labels.get("instance"):
        measured = next((labels[name] for name in ("service", "job") if _is_specific(labels, name)), "")
        return _short(f"{namespace}/{measured}" if measured else namespace)
    return _short(labels.get("instance", ""))


def is_told(place: str, words: str) -> bool:
    """Say whether a rule's own words already name the place."""
    names = [part for part in re.split(r"[/ ]", place) if part]
    return not names or all(name in words for name in names[-1:])


def _is_specific(labels: Mapping[str, str], name: str) -> bool:
    return bool(labels.get(name)) and not is_exporter(labels[name])


def _node(labels: Mapping[str, str]) -> str:
    named = next((labels[name] for name in NODES if labels.get(name)), "")
    return named or labels.get("instance", "").rpartition(":")[0] or labels.get("instance", "")


def _parts(labels: Mapping[str, str]) -> list[str]:
    return [labels[name] for name in PARTS_OF_A_NODE if labels.get(name)][:1]


def _short(place: str) -> str:
    return one_line(place, limits.NAME // 2)
