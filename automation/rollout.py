"""The state of a target's rollout, asked of the cluster before a run and before its verdict.

A run in the middle of a rollout would disturb it, and be credited with its end. And an alert also ends when
its target has no pods, for then there is nothing left to measure.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import client

from automation.cluster import FAILURES, TIMEOUT, connect, in_words, is_missing, is_refusal
from automation.progress import progress
from automation.workload import Workload, read_workload

FRESH = 5.0
"""Seconds for which an answer holds: an open verdict is looked at twice in a second."""
READ = {
    "Deployment": "read_namespaced_deployment",
    "StatefulSet": "read_namespaced_stateful_set",
    "DaemonSet": "read_namespaced_daemon_set",
}
COUNTS = ("updatedReplicas", "availableReplicas", "replicas")
COUNTS_OF_DAEMONS = ("updatedNumberScheduled", "numberAvailable", "currentNumberScheduled")

type _Document = dict[str, Any]


class Rollouts:
    """Looks at targets."""

    def __init__(self) -> None:
        self._api: Any = None
        self._answers: dict[tuple[str, ...], tuple[float, Any]] = {}

    def problem(self, target: Mapping[str, str]) -> str | None:
        """Say in words why a target cannot be taken for rolled out; none when it is."""
        return self._answer("problem", target, self._find_problem, or_else=in_words)

    def progress(self, target: Mapping[str, str]) -> str | None:
        """Say in words what a run would disturb; none when nothing is under way, or nobody knows."""
        return self._answer("progress", target, self._find_progress, or_else=lambda _: None)

    def workload(self, target: Mapping[str, str]) -> Workload:
        """Return what a target says about itself, or why it could not be asked."""
        return self._answer("workload", target, self._find_workload, or_else=_unread)

    def _answer[Answer](
        self,
        question: str,
        target: Mapping[str, str],
        find: Callable[[str, str, str], Answer],
        or_else: Callable[[Exception], Answer],
    ) -> Answer:
        key = (question, target["kind"], target["namespace"], target["name"])
        asked_at, known = self._answers.get(key, (float("-inf"), None))
        if time.monotonic() - asked_at <= FRESH:
            answer: Answer = known
            return answer
        try:
            answer = find(*key[1:])
        except FAILURES as error:
            if is_refusal(error):
                self._api = None
            answer = or_else(error)
        self._answers[key] = time.monotonic(), answer
        return answer

    def _find_problem(self, kind: str, namespace: str, name: str) -> str | None:
        return unfinished(kind, self._read(READ[kind], name, namespace))

    def _find_progress(self, kind: str, namespace: str, name: str) -> str | None:
        workload = self._read(READ[kind], name, namespace)
        labels = (workload["spec"].get("selector") or {}).get("matchLabels") or {}
        selector = ",".join(f"{label}={value}" for label, value in labels.items())
        pods = self._read("list_namespaced_pod", namespace, label_selector=selector, core=True)["items"]
        return progress(kind, workload, pods, time.time())

    def _find_workload(self, kind: str, namespace: str, name: str) -> Workload:
        return read_workload(self._read(READ[kind], name, namespace))

    def _read(self, method: str, *names: str, core: bool = False, **options: str) -> _Document:
        self._api = self._api or connect()
        api = client.CoreV1Api(self._api) if core else client.AppsV1Api(self._api)
        answer = getattr(api, method)(*names, _preload_content=False, _request_timeout=TIMEOUT, **options)
        document: _Document = json.loads(answer.data)
        return document


def _unread(error: Exception) -> Workload:
    return Workload(problem=in_words(error), is_missing=is_missing(error))


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
