"""What the cluster lets us do: one SelfSubjectAccessReview for each verb on each target."""

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from automation.policy.schemas import DIAGNOSTICS, Policy, Remedy
from automation.policy.values import FromLabel

VERBS = ("get", "patch")
LOOKS = (("list", "pods"), ("get", "pods/log"), ("list", "events"))
"""What the shipped diagnostics read in the namespace of the target."""
TIMEOUT = (5, 10)


def missing_permissions(policy: Policy) -> list[str]:
    """Name every verb on a target that the cluster does not allow us. Raises ConnectionError."""
    try:
        config.load_config()  # type: ignore[no-untyped-call]
        api = client.AuthorizationV1Api()
        wanted = sorted({item for remedy in policy.remedies for item in _wanted(remedy)})
        return [_sentence(*item) for item in wanted if not _is_allowed(api, *item)]
    except ConfigException:
        raise ConnectionError("no kubeconfig and not in a cluster: set KUBECONFIG") from None
    except (ApiException, HTTPError) as error:
        raise ConnectionError(f"the cluster does not answer ({type(error).__name__})") from None


def _wanted(remedy: Remedy) -> list[tuple[str, str, str, str]]:
    target = remedy.target
    resource = f"{target.kind.lower()}s"
    namespaces = _names(target.namespace)
    wanted = [
        (verb, f"{resource}.apps", namespace, name)
        for verb in VERBS
        for namespace in namespaces
        for name in _names(target.name)
    ]
    if DIAGNOSTICS in {remedy.playbook, remedy.diagnostics_playbook}:
        wanted += [(verb, what, namespace, "") for verb, what in LOOKS for namespace in namespaces]
    return wanted


def _names(value: str | FromLabel) -> tuple[str, ...]:
    return value.allow if isinstance(value, FromLabel) else (value,)


def _is_allowed(api: client.AuthorizationV1Api, verb: str, resource: str, namespace: str, name: str) -> bool:
    path, _, group = resource.partition(".")
    plural, _, part = path.partition("/")
    attributes = client.V1ResourceAttributes(
        verb=verb, group=group, resource=plural, subresource=part, namespace=namespace, name=name
    )
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    review = client.V1SelfSubjectAccessReview(spec=spec)
    answer = api.create_self_subject_access_review(review, _request_timeout=TIMEOUT)
    return bool(answer.status and answer.status.allowed)


def _sentence(verb: str, resource: str, namespace: str, name: str) -> str:
    what = f"{resource} {name}".rstrip()
    return f"we may not {verb} {what} in {namespace}: give the Role of automation this right"
