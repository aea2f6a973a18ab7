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

from app.alerts.exporters import OF_A_CLUSTER, OF_PODS, is_exporter, is_of, is_of_a_node
from contract.labels import PASSING

NODES = ("node", "nodename")
PROBES = ("blackbox", "probe", "snmp", "ipmi")
"""Exporters that measure the targets they are given, which `instance` names then."""

_OF_A_POD = re.compile(r"(-[0-9a-f]{6,10})?-[bcdfghjklmnpqrstvwxz2456789]{5}", re.ASCII)
"""What Kubernetes adds to the name of a workload for each of its pods; that of a DaemonSet has no hash."""
_PORT = re.compile(r"[a-z0-9-]{1,15}", re.ASCII)
"""What Prometheus Operator calls an endpoint: the name or number of a port."""


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
        return _workload(value) if _is_own(_workload(value), labels) else value
    if name == "container":
        return None if _is_own(value, labels) else value
    if name == "instance":
        return None if _is_own_address(value, labels) else value
    if name == "endpoint":
        return None if _PORT.fullmatch(value) else value
    return None


def _is_own(workload: str, labels: Mapping[str, str]) -> bool:
    """Say whether a workload or container is the exporter: one that reports on pods names others there."""
    if is_of(labels, *OF_PODS):
        return any(kind in workload and is_of(labels, kind) for kind in OF_PODS)
    return is_exporter(workload)


def _workload(pod: str) -> str:
    found = _of_a_pod(pod)
    return pod[: found.start()] if found else pod


def _of_a_pod(pod: str) -> re.Match[str] | None:
    found = _OF_A_POD.search(pod)
    return found if found and found.end() == len(pod) else None


def _is_own_address(instance: str, labels: Mapping[str, str]) -> bool:
    """Say whether `instance` is the exporter's address, and not that of what it measures."""
    if is_of(labels, OF_A_CLUSTER) or labels.get("target"):
        return True
    pod = labels.get("pod", "")
    found = _of_a_pod(pod)
    if is_of_a_node(labels) or (found and not found[1]):
        # There is one on each node, so its address says which, where nothing else does.
        return any(labels.get(name) for name in NODES)
    return _is_own(_workload(pod), labels) and not is_of(labels, *PROBES) and _is_ip(instance)


def _is_ip(instance: str) -> bool:
    host = instance.rpartition(":")[0].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
