"""What keeps the pods of a release from being ready: a sentence each, and the command to run."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.doctor.release import COMPONENT, Release

IMAGE = {"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName"}
REASON_LENGTH = 300


@dataclass(frozen=True)
class Finding:
    """One thing that is missing or wrong."""

    sentence: str
    command: str


@dataclass(frozen=True)
class Part:
    """One workload of the release: how many of its pods are ready, and what keeps the others."""

    name: str
    wanted: int
    ready: int
    findings: list[Finding]

    @property
    def is_well(self) -> bool:
        """Say whether every pod is ready and nothing is missing."""
        return self.ready >= self.wanted and not self.findings


def examine(release: Release) -> list[Part]:
    """Return every workload of a release with what is wrong with it, in the order of their names."""
    parts = []
    for workload in sorted(release.workloads, key=lambda item: item.metadata.name):
        wanted = 1 if workload.spec.replicas is None else workload.spec.replicas
        ready = workload.status.ready_replicas or 0
        found = list(dict.fromkeys(_findings(release, workload, wanted - ready)))
        parts.append(Part(workload.metadata.name, wanted, ready, found))
    return parts


def _findings(release: Release, workload: Any, lacking: int) -> Iterator[Finding]:
    """Name causes, and what follows from them only where there is no cause."""
    missing = list(_missing_secrets(release, workload.spec.template.spec))
    yield from missing
    if lacking <= 0:
        return
    unbound = list(_unbound_claims(release, workload))
    yield from unbound
    component = workload.metadata.labels.get(COMPONENT, "")
    pods = release.pods_of(component)
    if not pods:
        yield from _no_pods(release, workload)
    is_explained = bool(missing or unbound)
    found = [finding for pod in pods for finding in _of_pod(release, pod, is_explained=is_explained)]
    yield from found
    if pods and not (is_explained or found):
        start = "1 pod that starts and is" if lacking == 1 else f"{lacking} pods that start and are"
        yield Finding(
            f"{workload.metadata.name} has {start} not ready yet.",
            _kubectl(release, f"get pods --selector {COMPONENT}={component} --watch"),
        )


def _missing_secrets(release: Release, pod: Any) -> Iterator[Finding]:
    if release.secrets is None:
        return
    for name, keys in sorted(_named_secrets(pod).items()):
        if name not in release.secrets:
            yield Finding(
                f"the Secret {name} is not in the namespace {release.namespace}.",
                _kubectl(release, f"create secret generic {name} {_literals(keys)}".rstrip()),
            )
        elif lost := keys - release.secrets[name]:
            yield Finding(
                f"the Secret {name} lacks the key {', '.join(sorted(lost))}.",
                _kubectl(release, f"edit secret {name}"),
            )


def _named_secrets(pod: Any) -> dict[str, set[str]]:
    """Return the Secrets that a pod can't start without, each with the keys it must have."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for volume in pod.volumes or []:
        projected = volume.projected.sources if volume.projected else None
        for source in [volume.secret, *(one.secret for one in projected or [])]:
            name = source and (getattr(source, "secret_name", None) or getattr(source, "name", None))
            if name and not source.optional:
                wanted[name] |= {item.key for item in source.items or []}
    for container in [*(pod.init_containers or []), *pod.containers]:
        for variable in container.env or []:
            reference = variable.value_from and variable.value_from.secret_key_ref
            if reference and not reference.optional:
                wanted[reference.name].add(reference.key)
        for source in container.env_from or []:
            if source.secret_ref and not source.secret_ref.optional:
                wanted[source.secret_ref.name] |= set()
    return wanted


def _unbound_claims(release: Release, workload: Any) -> Iterator[Finding]:
    names = [
        volume.persistent_volume_claim.claim_name
        for volume in workload.spec.template.spec.volumes or []
        if volume.persistent_volume_claim
    ]
    for template in getattr(workload.spec, "volume_claim_templates", None) or []:
        start = f"{template.metadata.name}-{workload.metadata.name}-"
        names += [name for name in release.claims if name.startswith(start)]
    for name in sorted(set(names)):
        claim = release.claims.get(name)
        if claim is None:
            yield Finding(
                f"the volume claim {name} is not in the namespace {release.namespace}.",
                _kubectl(release, "get persistentvolumeclaims"),
            )
        elif claim.status.phase != "Bound":
            reason = _reason(release.warnings.get(("PersistentVolumeClaim", name), []))
            yield Finding(
                f"the volume claim {name} has no volume{reason}."
                " The cluster needs a default StorageClass, or set global.storageClass.",
                "kubectl get storageclasses",
            )


def _no_pods(release: Release, workload: Any) -> Iterator[Finding]:
    """Explain a workload without pods: the cluster has refused them, by a quota or a policy."""
    name = workload.metadata.name
    told = [item.message for item in workload.status.conditions or [] if item.type == "ReplicaFailure"]
    told += release.warnings.get((workload.kind or "StatefulSet", name), [])
    told += [
        message
        for (kind, owner), messages in release.warnings.items()
        if kind == "ReplicaSet" and owner.startswith(f"{name}-")
        for message in messages
    ]
    quota = any("exceeded quota" in message for message in told)
    yield Finding(
        f"{name} has no pod{_reason(told)}."
        + (" Raise the quota of the namespace, or lower the part's resources." if quota else ""),
        _kubectl(release, "describe resourcequota" if quota else "get events --field-selector type=Warning"),
    )


def _of_pod(release: Release, pod: Any, *, is_explained: bool) -> Iterator[Finding]:
    name = pod.metadata.name
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    for status in statuses:
        yield from _of_container(release, name, status, is_explained=is_explained)
    if is_explained:
        return
    for condition in pod.status.conditions or []:
        if condition.type == "PodScheduled" and condition.status == "False":
            yield Finding(
                f"no node takes the pod {name}{_reason([condition.message or ''])}.",
                _kubectl(release, f"describe pod {name}"),
            )
    mounts = [text for text in release.warnings.get(("Pod", name), []) if text.startswith("MountVolume")]
    if mounts and not any(status.started or status.ready for status in statuses):
        yield Finding(
            f"a volume of the pod {name} cannot be mounted{_reason(mounts)}.",
            _kubectl(release, f"describe pod {name}"),
        )


def _of_container(release: Release, pod: str, status: Any, *, is_explained: bool) -> Iterator[Finding]:
    waiting = status.state.waiting if status.state else None
    reason, told = (waiting.reason or "", waiting.message or "") if waiting else ("", "")
    if reason in IMAGE:
        yield Finding(
            f"the node does not get the image {status.image} of the pod {pod}{_reason([told])}. Load or push"
            " it, or correct the part's image; a private registry needs global.imagePullSecrets.",
            _kubectl(release, f"describe pod {pod}"),
        )
    elif reason == "CreateContainerConfigError" and not is_explained:
        yield Finding(
            f"the container {status.name} of the pod {pod} cannot be made{_reason([told])}.",
            _kubectl(release, f"describe pod {pod}"),
        )
    elif ended := _ending(status):
        previous = status.state.terminated is None
        words = release.last_line(pod, status.name, previous=previous)
        yield Finding(
            f"the container {status.name} of the pod {pod} ends with status {ended.exit_code}"
            f" ({ended.reason}){_reason([words])}.",
            _kubectl(release, f"logs {pod} --container {status.name}{' --previous' if previous else ''}"),
        )


def _ending(status: Any) -> Any:
    """Return how a container ended that does not run, if it failed."""
    if status.ready or (status.state and status.state.running):
        return None
    for state in (status.state, status.last_state):
        if state and state.terminated:
            return state.terminated if state.terminated.exit_code else None
    return None


def _reason(told: list[str]) -> str:
    """Return the newest message that says something, to stand behind a sentence."""
    words = next((text.strip().rstrip(".") for text in told if text.strip()), "")
    return f": {words[:REASON_LENGTH]}" if words else ""


def _literals(keys: set[str]) -> str:
    return " ".join(f"--from-literal={key}=VALUE" for key in sorted(keys))


def _kubectl(release: Release, words: str) -> str:
    return f"kubectl --namespace {release.namespace} {words}"
