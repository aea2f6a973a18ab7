"""Whether a workload is being rolled out and gets on with it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

DEADLINE = 600.0
"""Seconds that Kubernetes gives a Deployment unless it says otherwise; the other kinds have no deadline."""
COMPLETE = "NewReplicaSetAvailable"
STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Why a container waits that will not start by waiting."""

type _Document = Mapping[str, Any]


def progress(kind: str, workload: _Document, pods: Sequence[_Document], now: float) -> str | None:
    """Say in words what of a workload is coming up by itself, within its deadline; none when nothing is.

    `now` is in seconds since 1970. A rollout whose pods cannot start does not get on, so a remedy may act.
    """
    spec, status = workload["spec"], workload.get("status") or {}
    deadline = float(spec.get("progressDeadlineSeconds") or DEADLINE)
    young = [pod for pod in pods if now - _time(pod["metadata"]["creationTimestamp"]) < deadline]
    if any(_is_stuck(pod) for pod in young):
        return None
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return "its controller has not seen the newest change yet"
    if any(_is_initializing(pod) for pod in young):
        return "a new pod is still initializing"
    is_rolling = _is_deployment_rolling(status) if kind == "Deployment" else _has_old_pods(kind, spec, status)
    return "its rollout is in progress" if is_rolling and (young or kind == "Deployment") else None


def _is_deployment_rolling(status: _Document) -> bool:
    """Read the condition that the Deployment controller turns over at the deadline."""
    conditions = status.get("conditions") or []
    found: _Document = next((one for one in conditions if one.get("type") == "Progressing"), {})
    return found.get("status") == "True" and found.get("reason") != COMPLETE


def _has_old_pods(kind: str, spec: _Document, status: _Document) -> bool:
    """Say whether pods of the newest template are still to come."""
    if kind == "DaemonSet":
        return bool((status.get("updatedNumberScheduled") or 0) < (status.get("desiredNumberScheduled") or 0))
    return bool((status.get("updatedReplicas") or 0) < spec.get("replicas", 1))


def _is_initializing(pod: _Document) -> bool:
    """Say whether init containers are at work, such as one that migrates a database."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Initialized" and one.get("status") == "False" for one in conditions)


def _is_stuck(pod: _Document) -> bool:
    return any(reason in STUCK for reason in _waiting(pod))


def _waiting(pod: _Document) -> Iterator[str]:
    status = pod.get("status") or {}
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or []:
            yield ((container.get("state") or {}).get("waiting") or {}).get("reason") or ""


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
