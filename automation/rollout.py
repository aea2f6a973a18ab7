"""Whether a target is rolled out: asked of the cluster before a repair counts as verified.

An alert also ends when its target has no pods, for then there is nothing left to measure.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from kubernetes import client

from automation.cluster import FAILURES, TIMEOUT, connect, in_words, is_refusal

FRESH = 5.0
"""Seconds for which an answer holds: an open verdict is looked at twice in a second."""
READ = {
    "Deployment": "read_namespaced_deployment",
    "StatefulSet": "read_namespaced_stateful_set",
    "DaemonSet": "read_namespaced_daemon_set",
}
COUNTS = ("updatedReplicas", "availableReplicas", "replicas")
COUNTS_OF_DAEMONS = ("updatedNumberScheduled", "numberAvailable", "currentNumberScheduled")


class Rollouts:
    """Looks at targets."""

    def __init__(self) -> None:
        self._api: Any = None
        self._answers: dict[tuple[str, ...], tuple[float, str | None]] = {}

    def problem(self, target: Mapping[str, str]) -> str | None:
        """Say in words why a target cannot be taken for rolled out; none when it is."""
        key = (target["kind"], target["namespace"], target["name"])
        asked_at, answer = self._answers.get(key, (float("-inf"), None))
        if time.monotonic() - asked_at > FRESH:
            answer = self._ask(*key)
            self._answers[key] = time.monotonic(), answer
        return answer

    def _ask(self, kind: str, namespace: str, name: str) -> str | None:
        try:
            self._api = self._api or client.AppsV1Api(connect())
            read = getattr(self._api, READ[kind])
            answer = read(name, namespace, _preload_content=False, _request_timeout=TIMEOUT)
        except FAILURES as error:
            if is_refusal(error):
                self._api = None
            return in_words(error)
        return unfinished(kind, json.loads(answer.data))


def unfinished(kind: str, workload: Mapping[str, Any]) -> str | None:
    """Say what keeps a workload from being rolled out: every pod of the newest template and available."""
    status = workload.get("status") or {}
    is_daemon = kind == "DaemonSet"
    wanted = status.get("desiredNumberScheduled", 0) if is_daemon else workload["spec"].get("replicas", 1)
    updated, available, present = (
        status.get(name) or 0 for name in (COUNTS_OF_DAEMONS if is_daemon else COUNTS)
    )
    if not wanted:
        return "no node is to run it" if is_daemon else "it is scaled to 0"
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return "its controller has not seen the newest change yet"
    if not updated == available == present == wanted:
        return f"{wanted} pods are wanted, {present} there, {updated} of them new, {available} available"
    return None
