"""Which workload owns the object that an alert names, asked of the API of Kubernetes.

A ReplicaSet and an autoscaler are found in a list limited to their name: automation may list them, for other
reasons, and may not get them.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from kubernetes import client

from automation.answers import NoAnswerError
from automation.cluster import FAILURES, TIMEOUT, connect, in_words, is_away, is_missing, is_refusal
from automation.policy.match import ARROW, NamedObject, Owner, Target
from automation.policy.targets import OwnerLabel
from automation.policy.values import KINDS

WORKLOADS = {kind.lower(): kind for kind in KINDS}

log = structlog.get_logger()

type _Document = Mapping[str, Any]


class Ownership:
    """Follows ownerReferences from objects to workloads."""

    def __init__(self) -> None:
        self._api: Any = None

    def find(self, named: NamedObject) -> Owner:
        """Return the workload behind an object, or why there is none. Raises NoAnswerError."""
        try:
            return self._find(named)
        except FAILURES as error:
            if is_missing(error):
                return Owner(None, named.path, f"{named.path} does not exist")
            if is_refusal(error):
                self._api = None
            log.warning("owner_unknown", named=named.path, cause=in_words(error))
            raise NoAnswerError(in_words(error), is_away=is_away(error)) from None

    def _find(self, named: NamedObject) -> Owner:
        if kind := WORKLOADS.get(named.label):
            return Owner(Target(kind, named.namespace, named.name), named.path)
        if named.label == OwnerLabel.AUTOSCALER:
            return self._of_autoscaler(named)
        if named.label == OwnerLabel.CLAIM:
            return self._of_claim(named)
        pod = self._ask("read_namespaced_pod", named.name, named.namespace)
        return self._of_pod(named.namespace, named.path, pod)

    def _of_pod(self, namespace: str, path: str, pod: _Document) -> Owner:
        owner = _controller(pod)
        if owner is None:
            return Owner(None, path, f"{path} has no owner, so nothing would make it again")
        path = f"{path}{ARROW}{owner['kind']} {owner['name']}"
        if owner["kind"] == "ReplicaSet":
            query = {"field_selector": f"metadata.name={owner['name']}"}
            found = self._ask("list_namespaced_replica_set", namespace, apps=True, **query)["items"]
            owner = next((_controller(one) for one in found if one["metadata"]["uid"] == owner["uid"]), None)
            if owner is None:
                return Owner(None, path, f"{path} has no owner that can be repaired")
            path = f"{path}{ARROW}{owner['kind']} {owner['name']}"
        return _workload(path, namespace, owner)

    def _of_autoscaler(self, named: NamedObject) -> Owner:
        api = client.AutoscalingV2Api(self._connected())
        answer = api.list_namespaced_horizontal_pod_autoscaler(
            named.namespace, field_selector=f"metadata.name={named.name}", **_RAW
        )
        found = _document(answer)["items"]
        if not found:
            return Owner(None, named.path, f"{named.path} does not exist")
        scaled = found[0]["spec"]["scaleTargetRef"]
        return _workload(f"{named.path}{ARROW}{scaled['kind']} {scaled['name']}", named.namespace, scaled)

    def _of_claim(self, named: NamedObject) -> Owner:
        """Find the one workload among the owners of all pods that use a claim; a job's pod is none."""
        pods = self._ask("list_namespaced_pod", named.namespace)["items"]
        found = [
            self._of_pod(named.namespace, f"{named.path}{ARROW}Pod {pod['metadata']['name']}", pod)
            for pod in pods
            if named.name in _claims(pod)
        ]
        workloads = {owner.target: owner for owner in found if owner.target}
        if len(workloads) > 1:
            names = ", ".join(sorted(str(target) for target in workloads))
            return Owner(None, named.path, f"{named.path} is used by more than one workload: {names}")
        nobody = Owner(None, named.path, f"no pod uses {named.path}")
        return next(iter(workloads.values()), next(iter(found), nobody))

    def _ask(self, method: str, *names: str, apps: bool = False, **options: str) -> _Document:
        api = client.AppsV1Api(self._connected()) if apps else client.CoreV1Api(self._connected())
        return _document(getattr(api, method)(*names, **options, **_RAW))

    def _connected(self) -> Any:
        self._api = self._api or connect()
        return self._api


_RAW: dict[str, Any] = {"_preload_content": False, "_request_timeout": TIMEOUT}


def _document(answer: Any) -> _Document:
    document: _Document = json.loads(answer.data)
    return document


def _controller(document: _Document) -> _Document | None:
    owners: Iterable[_Document] = document["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def _claims(pod: _Document) -> set[str | None]:
    volumes = pod["spec"].get("volumes") or []
    return {(volume.get("persistentVolumeClaim") or {}).get("claimName") for volume in volumes}


def _workload(path: str, namespace: str, owner: _Document) -> Owner:
    is_known = owner["kind"] in KINDS and str(owner.get("apiVersion", "")).startswith("apps/")
    if not is_known:
        return Owner(None, path, f"{path} is none of {', '.join(KINDS)}")
    return Owner(Target(owner["kind"], namespace, owner["name"]), path, uid=owner.get("uid"))
