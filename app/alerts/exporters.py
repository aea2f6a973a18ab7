"""Programs that measure others: their own name, pod and address say nothing about what an alert is about."""

from collections.abc import Mapping
from functools import lru_cache

PARTS = ("kube-state-metrics", "node-exporter", "node_exporter", "blackbox", "cadvisor", "pushgateway")
ENDS = ("-exporter", "_exporter")
NAMES = frozenset({"kubelet", "node", "probe", "windows", "snmp"})
OF_A_CLUSTER = "kube-state-metrics"
OF_PODS = (OF_A_CLUSTER, "kubelet", "cadvisor")
"""Exporters that report on the pods of others."""
OF_A_NODE = ("node-exporter", "node_exporter", "windows")


@lru_cache(maxsize=512)
def is_exporter(name: str) -> bool:
    """Say whether a job, service or pod of this name measures others."""
    plain = name.strip().lower()
    return plain in NAMES or plain.endswith(ENDS) or any(part in plain for part in PARTS)


def is_of(labels: Mapping[str, str], *kinds: str) -> bool:
    """Say whether an alert's series come from an exporter of these kinds."""
    sources = f"{labels.get('job', '')} {labels.get('service', '')}".lower()
    return any(kind in sources for kind in kinds)


def is_of_a_node(labels: Mapping[str, str]) -> bool:
    """Say whether an alert's series come from an exporter that measures the node it is on."""
    return is_of(labels, *OF_A_NODE) or labels.get("job", "").lower() == "node"
