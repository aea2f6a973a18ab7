"""What the cluster lets us do: one SelfSubjectAccessReview for each verb that the policy needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from kubernetes import client

from automation.cluster import FAILURES, connect, in_words
from automation.config import Settings
from automation.policy.schemas import DIAGNOSTICS, ROLLBACK, Policy, Remedy
from automation.policy.targets import OwnerLabel, OwnerOf, possible_targets

SCALE = "scale_oims.yml"
READS = {
    SCALE: (("list", "horizontalpodautoscalers.autoscaling"),),
    DIAGNOSTICS: (("list", "pods"), ("get", "pods"), ("get", "pods/log"), ("list", "events")),
}
"""What the shipped playbooks read beside their target, in its namespace; docs/playbooks.md."""
HISTORY = {"Deployment": "replicasets.apps"}
OTHER_HISTORY = "controllerrevisions.apps"
TIMEOUT = (5, 10)


@dataclass(frozen=True, order=True)
class Right:
    """One verb on one kind of object; without a name on all of them in the namespace."""

    verb: str
    resource: str
    """Plural, then `/` and a part of it, then `.` and the API group."""
    namespace: str
    name: str = ""

    @property
    def sentence(self) -> str:
        """Say that it is missing, and what to do."""
        what = f"{self.resource} {self.name}".rstrip()
        return f"we may not {self.verb} {what} in {self.namespace}: give the Role of automation this right"


def missing_permissions(policy: Policy, settings: Settings) -> list[str]:
    """Name every right that the policy needs and the cluster does not give us. Raises ConnectionError."""
    try:
        api = client.AuthorizationV1Api(connect())
        wanted = sorted({*needed_rights(policy), *_for_lease(settings)})
        return [right.sentence for right in wanted if not _is_given(api, right)]
    except FAILURES as error:
        raise ConnectionError(in_words(error)) from None


def needed_rights(policy: Policy) -> set[Right]:
    """Return what the playbooks of a policy need. A playbook that is not shipped may need more."""
    return {right for remedy in policy.remedies for right in _for_remedy(remedy)}


def _for_remedy(remedy: Remedy) -> Iterator[Right]:
    for kind, namespace, name in possible_targets(remedy.target):
        plural = f"{kind.lower()}s"
        yield Right("get", f"{plural}.apps", namespace, name)
        if set(remedy.playbooks) != {DIAGNOSTICS}:
            yield Right("patch", f"{plural}.apps", namespace, name)
        if SCALE in remedy.playbooks and kind != "DaemonSet":
            yield Right("patch", f"{plural}/scale.apps", namespace, name)
        for playbook in {*remedy.playbooks, remedy.diagnostics_playbook}:
            for verb, resource in READS.get(playbook or "", ()):
                yield Right(verb, resource, namespace)
        if ROLLBACK in remedy.playbooks:
            yield Right("list", HISTORY.get(kind, OTHER_HISTORY), namespace)
            if not name:  # whose teams allow it is found in the list of all
                yield Right("list", f"{plural}.apps", namespace)
        if isinstance(remedy.target, OwnerOf):
            yield from _to_find(remedy.target, kind, namespace)


def _to_find(target: OwnerOf, kind: str, namespace: str) -> Iterator[Right]:
    """Return what it takes to find the owner of an object, in one namespace."""
    if target.owner_of is OwnerLabel.AUTOSCALER:
        yield Right("list", "horizontalpodautoscalers.autoscaling", namespace)
    if target.owner_of is OwnerLabel.CLAIM:
        yield Right("list", "pods", namespace)
    if target.owner_of in {OwnerLabel.POD, OwnerLabel.CLAIM}:
        yield Right("get", "pods", namespace)
        if kind == "Deployment":
            yield Right("list", HISTORY[kind], namespace)


def _for_lease(settings: Settings) -> Iterator[Right]:
    if settings.lease:
        leases = "leases.coordination.k8s.io"
        yield Right("create", leases, settings.lease_namespace)
        yield Right("get", leases, settings.lease_namespace, settings.lease)
        yield Right("update", leases, settings.lease_namespace, settings.lease)


def _is_given(api: client.AuthorizationV1Api, right: Right) -> bool:
    path, _, group = right.resource.partition(".")
    plural, _, part = path.partition("/")
    attributes = client.V1ResourceAttributes(
        verb=right.verb,
        group=group,
        resource=plural,
        subresource=part,
        namespace=right.namespace,
        name=right.name,
    )
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    review = client.V1SelfSubjectAccessReview(spec=spec)
    answer = api.create_self_subject_access_review(review, _request_timeout=TIMEOUT)
    return bool(answer.status and answer.status.allowed)
