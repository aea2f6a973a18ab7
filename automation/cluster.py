"""A connection to the Kubernetes API: by KUBECONFIG, or by the ServiceAccount of the pod."""

from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.config import KUBE_CONFIG_DEFAULT_LOCATION, ConfigException
from urllib3.exceptions import HTTPError

UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an answer raises that is no object of Kubernetes, such as the page of a proxy."""
FAILURES = (ApiException, ConfigException, HTTPError, OSError, *UNREADABLE)
"""What a question to the cluster, or reading its answer, may raise."""
TIMEOUT = (3, 4)
NOT_FOUND = 404


def connect() -> Any:
    """Return a client that asks once: the next look is the retry. Raises ConfigException."""
    configuration = client.Configuration()
    # The library's own choice between the two prints a line to standard output.
    has_file = Path(KUBE_CONFIG_DEFAULT_LOCATION).expanduser().exists()
    load = config.load_kube_config if has_file else config.load_incluster_config
    load(client_configuration=configuration)
    configuration.retries = False
    return client.ApiClient(configuration)


def is_refusal(error: Exception) -> bool:
    """Say whether the token or a right is missing: a token that was renewed has to be read again."""
    return isinstance(error, ApiException) and error.status in {401, 403}


def is_missing(error: Exception) -> bool:
    """Say whether the object that was asked for is not there."""
    return isinstance(error, ApiException) and error.status == NOT_FOUND


def is_away(error: Exception) -> bool:
    """Say whether the cluster gave no answer at all."""
    return not isinstance(error, (ApiException, *UNREADABLE))


def in_words(error: Exception) -> str:
    """Say why the cluster did not help."""
    if isinstance(error, UNREADABLE) and not isinstance(error, OSError):
        return f"the cluster's answer cannot be read ({type(error).__name__})"
    if isinstance(error, ApiException):
        return f"the cluster answers {error.status}"
    if isinstance(error, ConfigException):
        return "no kubeconfig and not in a cluster: set KUBECONFIG"
    return f"the cluster does not answer ({type(error).__name__})"
