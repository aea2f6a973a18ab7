"""Which revisions of a workload were once fully available: noted on the workload while they are.

Kubernetes keeps the templates of a workload, but not how they did. A rollback needs to know, since the newest
earlier template may be one that never started.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from kubernetes import client

from automation.cluster import FAILURES, TIMEOUT, connect, is_refusal
from automation.policy.schemas import ROLLBACK, Policy
from automation.policy.targets import possible_targets
from automation.rollout import READ, unfinished
from automation.workload import read_workload

NOTE = "oims.dev/ready-revisions"
KEPT = 10
"""Revisions that are remembered, as many as Kubernetes keeps of a Deployment by default."""
STEADY_S = 15.0
"""How long a revision must have been fully available.

Without a readiness probe, pods that die soon after their start are available at first.
"""
LIST_EVERY_S = 60.0
PATCH = {kind: method.replace("read_", "patch_") for kind, method in READ.items()}
NUMBER = "deployment.kubernetes.io/revision"

type _Document = dict[str, Any]
type _Target = tuple[str, str, str]
"""Kind, namespace and name."""
type _State = tuple[str, int]
"""The object's uid and generation."""

log = structlog.get_logger()


class Revisions:
    """Looks at what the policy may roll back, and notes each revision that stays rolled out."""

    def __init__(self, policy: Policy, steady: Callable[[], float] = time.monotonic) -> None:
        self._targets = sorted(_rollback_targets(policy))
        """Those with an empty name stand for every workload of the kind whose team allows it."""
        self._found: list[_Target] = []
        self._listed_at = float("-inf")
        self._api: Any = None
        self._steady = steady
        self._since: dict[_Target, tuple[_State, float]] = {}
        """Since when a target is seen rolled out without a break."""
        self._noted: dict[_Target, _State] = {}

    def note(self) -> bool:
        """Look at each target once. Returns False when one could not be asked for or changed."""
        is_listed = self._list()
        named = [target for target in self._targets if target[2]]
        answers = [self._note(target) for target in {*named, *self._found}]
        return is_listed and all(answers)

    def _list(self) -> bool:
        """Find the workloads whose teams allow a rollback, where the policy names none."""
        places = [(kind, namespace) for kind, namespace, name in self._targets if not name]
        if not places or self._steady() - self._listed_at < LIST_EVERY_S:
            return True
        try:
            self._api = self._api or client.AppsV1Api(connect())
            self._found = [target for place in places for target in self._consenting(*place)]
        except FAILURES as error:
            if is_refusal(error):
                self._api = None
            log.warning("workloads_not_listed", cause=type(error).__name__)
            return False
        self._listed_at = self._steady()
        return True

    def _consenting(self, kind: str, namespace: str) -> Iterator[_Target]:
        method = READ[kind].replace("read_", "list_")
        for workload in self._ask(method, namespace)["items"]:
            if read_workload(workload).allows(ROLLBACK, is_named=False):
                yield kind, namespace, workload["metadata"]["name"]

    def _note(self, target: _Target) -> bool:
        kind, namespace, name = target
        try:
            self._api = self._api or client.AppsV1Api(connect())
            workload = self._ask(READ[kind], name, namespace)
            metadata = workload["metadata"]
            state = metadata["uid"], metadata.get("generation", 0)
            if self._noted.get(target) == state or not self._stays(target, state, unfinished(kind, workload)):
                return True
            if revision := self._revision(kind, namespace, workload):
                self._write(kind, namespace, name, metadata, revision)
                self._noted[target] = state
        except FAILURES as error:
            if is_refusal(error):
                self._api = None
            log.warning("revisions_not_noted", target="/".join(target), cause=type(error).__name__)
            return False
        return True

    def _stays(self, target: _Target, state: _State, unfinished: str | None) -> bool:
        """Say whether each look of STEADY_S found the target in this state and rolled out."""
        now = self._steady()
        if unfinished:
            self._since.pop(target, None)
            return False
        if self._since.get(target, (None, now))[0] != state:
            self._since[target] = state, now
        return now - self._since[target][1] >= STEADY_S

    def _revision(self, kind: str, namespace: str, workload: _Document) -> str | None:
        """Return the name of the object that holds the current template."""
        if kind == "StatefulSet":
            return str(workload["status"]["updateRevision"])
        method = (
            "list_namespaced_replica_set" if kind == "Deployment" else "list_namespaced_controller_revision"
        )
        owned = [
            item
            for item in self._ask(method, namespace)["items"]
            if any(
                owner["uid"] == workload["metadata"]["uid"]
                for owner in item["metadata"].get("ownerReferences") or []
            )
        ]
        newest = max(owned, key=_number, default=None)
        return str(newest["metadata"]["name"]) if newest else None

    def _write(self, kind: str, namespace: str, name: str, metadata: _Document, revision: str) -> None:
        before = [one for one in (metadata.get("annotations") or {}).get(NOTE, "").split(",") if one]
        if before and before[-1] == revision:
            return
        noted = ",".join([*(one for one in before if one != revision), revision][-KEPT:])
        # With the version that was read: the note must be about this generation.
        change = {"resourceVersion": metadata["resourceVersion"], "annotations": {NOTE: noted}}
        self._ask(PATCH[kind], name, namespace, {"metadata": change})
        log.info("revision_noted", target=f"{namespace}/{kind}/{name}", revision=revision)

    def _ask(self, method: str, *arguments: Any) -> _Document:
        answer = getattr(self._api, method)(*arguments, _preload_content=False, _request_timeout=TIMEOUT)
        document: _Document = json.loads(answer.data)
        return document


def _number(revision: Mapping[str, Any]) -> int:
    if "revision" in revision:
        return int(revision["revision"])
    return int((revision["metadata"].get("annotations") or {}).get(NUMBER, 0))


def _rollback_targets(policy: Policy) -> Iterator[_Target]:
    for remedy in policy.remedies:
        if ROLLBACK in remedy.playbooks:
            yield from possible_targets(remedy.target)
