"""A release on its cluster as it stands: read by kubectl's kubeconfig, never changed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from cli.errors import NOT_ALLOWED, UNREACHABLE, USAGE, CommandError

TIMEOUT = (5, 10)
PAGE = 500
MOST = 10_000
"""Objects of a kind that are looked at."""
LINE_BYTES = 4096
NOT_FOUND = 404
REFUSALS = {401, 403}
INSTANCE, COMPONENT = "app.kubernetes.io/instance", "app.kubernetes.io/component"


@dataclass(frozen=True)
class Release:
    """What a release consists of. Objects are those of the Kubernetes client."""

    name: str
    namespace: str
    workloads: list[Any]
    pods: list[Any]
    claims: Mapping[str, Any]
    secrets: Mapping[str, frozenset[str]] | None
    """The keys of each Secret of the namespace; none when this account may not see them."""
    warnings: Mapping[tuple[str, str], list[str]]
    """Kind and name of an object to the messages of its warnings, the newest first."""
    core: Any

    def pods_of(self, component: str) -> list[Any]:
        """Return the pods of a component that are not going away."""
        return [
            pod
            for pod in self.pods
            if pod.metadata.labels.get(COMPONENT) == component and pod.metadata.deletion_timestamp is None
        ]

    def last_line(self, pod: str, container: str, *, previous: bool) -> str:
        """Return the last line that a container has printed; nothing if it can't be had."""
        try:
            text = self.core.read_namespaced_pod_log(
                pod,
                self.namespace,
                container=container,
                previous=previous,
                tail_lines=1,
                limit_bytes=LINE_BYTES,
                _request_timeout=TIMEOUT,
            )
        except (ApiException, HTTPError):
            return ""
        return str(text).strip()


def read(name: str, namespace: str) -> Release:
    """Read a release from the cluster of the current kube context.

    Raises CommandError: no kubeconfig, no answer, no right to look, or no such release.
    """
    connection = _connect()
    core, apps = client.CoreV1Api(connection), client.AppsV1Api(connection)
    mine = f"{INSTANCE}={name}"
    try:
        workloads = [
            *_all(apps.list_namespaced_deployment, namespace, label_selector=mine),
            *_all(apps.list_namespaced_stateful_set, namespace, label_selector=mine),
        ]
        if not workloads:
            raise CommandError(
                f"there is no release {name} in the namespace {namespace}: `helm list --all-namespaces` shows"
                " where it is; name it by --release and --namespace."
            )
        return Release(
            name=name,
            namespace=namespace,
            workloads=workloads,
            pods=list(_all(core.list_namespaced_pod, namespace, label_selector=mine)),
            claims={
                claim.metadata.name: claim
                for claim in _all(core.list_namespaced_persistent_volume_claim, namespace)
            },
            secrets=_secrets(core, namespace),
            warnings=_warnings(_all(core.list_namespaced_event, namespace, field_selector="type=Warning")),
            core=core,
        )
    except ApiException as error:
        raise _refusal(error, namespace) from None
    except (HTTPError, OSError):
        raise CommandError(
            f"the cluster does not answer: `kubectl --namespace {namespace} get pods` says why.", UNREACHABLE
        ) from None


def _connect() -> Any:
    settings = client.Configuration()
    load: Any = config.load_kube_config
    try:
        load(client_configuration=settings)
    except (ConfigException, OSError):
        raise CommandError(
            "there is no kubeconfig: set KUBECONFIG, or log in as for kubectl.", USAGE
        ) from None
    settings.retries = False
    return client.ApiClient(settings)


def _refusal(error: ApiException, namespace: str) -> CommandError:
    if error.status in REFUSALS:
        return CommandError(
            f"the cluster does not let this account look at the namespace {namespace} ({error.status}): use a"
            " kubeconfig that may read its workloads, pods, claims and events.",
            NOT_ALLOWED,
        )
    return CommandError(f"the cluster answers {error.status}; try again.", UNREACHABLE)


def _all(list_page: Callable[..., Any], namespace: str, **options: Any) -> Iterator[Any]:
    """Yield the objects of a kind, page by page: one that was left out would be told as missing.

    Raises CommandError: there are more than MOST.
    """
    options |= {"limit": PAGE, "_request_timeout": TIMEOUT}
    for _ in range(MOST // PAGE):
        found = list_page(namespace, **options)
        yield from found.items
        more = found.metadata._continue  # noqa: SLF001 - the client's name for `continue`
        if not more:
            return
        options["_continue"] = more
    raise CommandError(
        f"the namespace {namespace} has more than {MOST:,} objects of a kind; `kubectl describe` shows more."
    )


def _secrets(core: Any, namespace: str) -> dict[str, frozenset[str]] | None:
    try:
        return {
            secret.metadata.name: frozenset(secret.data or {})
            for secret in _all(core.list_namespaced_secret, namespace)
        }
    except ApiException as error:
        if error.status in REFUSALS:
            return None
        raise


def _warnings(events: Iterable[Any]) -> dict[tuple[str, str], list[str]]:
    messages: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in sorted(events, key=_moment, reverse=True):
        about = event.involved_object
        messages[about.kind, about.name].append(event.message or "")
    return messages


def _moment(event: Any) -> str:
    return str(event.last_timestamp or event.event_time or event.metadata.creation_timestamp or "")
