"""Which alerts are one trouble: those whose labels differ only in what tells of their exporter.

An exporter that is replaced has another pod and address, and Alertmanager takes its alerts for others. The
journal keeps that identity; an incident has this one. Where a label may name what is wrong, it counts: two
incidents of one trouble are better than one of two.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Collection, Mapping

from app.alerts.exporters import OF_A_CLUSTER, OF_A_NODE, is_exporter, is_of

PASSING = ("instance", "pod", "uid", "endpoint", "container")
"""Labels that tell of the exporter, or change with it."""

NODES = ("node", "nodename")
PROBES = ("blackbox", "probe", "snmp", "ipmi")
"""Exporters that measure the targets they are given, which `instance` names then."""

_OF_A_POD = re.compile(r"(-[0-9a-f]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}", re.ASCII)
"""What Kubernetes adds to the name of a workload for each of its pods."""


def identity(fingerprint: str, labels: Mapping[str, str], passing: Collection[str] = PASSING) -> str:
    """Return what alerts of one trouble share: the fingerprint, unless labels of an exporter are left out."""
    if not any(is_exporter(labels.get(name, "")) for name in ("job", "service")):
        return fingerprint
    lasting = [(name, _lasting(name, value, labels, passing)) for name, value in sorted(labels.items())]
    kept = {name: value for name, value in lasting if value is not None}
    if kept == labels:
        return fingerprint
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def _lasting(name: str, value: str, labels: Mapping[str, str], passing: Collection[str]) -> str | None:
    """Return what of a label stays when the exporter is replaced."""
    if name not in passing:
        return value
    if name == "pod":
        return _workload(value) if is_exporter(_workload(value)) else value
    if name == "container":
        return None if is_exporter(value) else value
    if name == "instance":
        return None if _is_own_address(value, labels) else value
    return None


def _workload(pod: str) -> str:
    found = _OF_A_POD.search(pod)
    return pod[: found.start()] if found and found.end() == len(pod) else pod


def _is_own_address(instance: str, labels: Mapping[str, str]) -> bool:
    """Say whether `instance` is the exporter's address, and not that of what it measures."""
    if is_of(labels, OF_A_CLUSTER) or labels.get("target"):
        return True
    if is_of(labels, *OF_A_NODE):
        return any(labels.get(name) for name in NODES)
    is_of_a_pod = is_exporter(_workload(labels.get("pod", "")))
    return is_of_a_pod and not is_of(labels, *PROBES) and _is_ip(instance)


def _is_ip(instance: str) -> bool:
    host = instance.rpartition(":")[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
