"""Who may do what: admission of the pods, connections between them, rights at the API."""

import json

import pytest
import yaml

from tests.e2e import values
from tests.e2e.cluster import CHART, Namespace, eventually, helm_program, run, words_of
from tests.e2e.release import add_sink

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
VALUES_FILES = sorted(CHART.glob("ci/*-values.yaml"))
OPERATORS = ("monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1")
# The name must be resolved in any case: an error there ends the program.
CONNECT = """
import socket, sys
host, port = socket.gethostbyname(sys.argv[1]), int(sys.argv[2])
try:
    socket.create_connection((host, port), 3).close()
    print("open")
except OSError:
    print("closed")
"""
ADDRESSES = {"app": 5000, "webhook": 5001, "prometheus": 9090, "alertmanager": 9093}
STRANGER = "sink"  # a pod of the namespace that belongs to no release


@pytest.fixture(scope="module")
def elsewhere():
    """Make a namespace with a pod that scrapes."""
    made = Namespace("monitoring")
    image = values.image("app")
    add_sink(made, f"{image['repository']}:{image['tag']}")
    yield made
    made.delete()


@pytest.fixture(scope="module")
def guarded(release, elsewhere):
    monitoring = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": elsewhere.name}}}]
    return release.deploy(
        values.merge(values.base(), {"networkPolicy": {"allowFrom": {"monitoring": monitoring}}})
    )


@pytest.fixture(scope="module")
def enforced(guarded):
    """Skip where the cluster lets everything through whatever the policies say."""
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed"},
        "spec": {"podSelector": {"matchLabels": {"app": STRANGER}}, "policyTypes": ["Ingress"]},
    }
    eventually(lambda: connects(guarded, "app", "worker", STRANGER, 2525), "the way to the mail server")
    guarded.namespace.kubectl("apply", "-f", "-", stdin=json.dumps(policy))
    try:
        eventually(lambda: not connects(guarded, "app", "worker", STRANGER, 2525), "a closed way", seconds=20)
    except AssertionError:
        pytest.skip("this cluster does not enforce NetworkPolicies")
    finally:
        guarded.namespace.kubectl("delete", "networkpolicy", "closed")


def connects(release, component, container, host, port):
    """Say whether a pod reaches a port."""
    deployment = component if component == STRANGER else release.object_name(component)
    command = ("python", "-c", CONNECT, host, str(port))
    said = release.namespace.kubectl("exec", f"deployment/{deployment}", "-c", container, "--", *command)
    assert said.strip() in {"open", "closed"}, said
    return said.strip() == "open"


@pytest.mark.parametrize("file", VALUES_FILES, ids=lambda path: path.name.removesuffix("-values.yaml"))
def test_the_api_server_takes_every_values_file_without_a_warning(namespace, file):
    options = [word for group in OPERATORS for word in ("--api-versions", group)]
    rendered = run(
        *(helm_program(), "template", "trial", CHART, "--namespace", namespace.name, "--values", file),
        *options,
    )
    served = run("kubectl", "api-versions").split()
    here = [
        item
        for item in yaml.safe_load_all(rendered)
        if item
        and item["metadata"].get("namespace") == namespace.name
        and (item["apiVersion"] in served or item["apiVersion"] not in OPERATORS)
    ]
    text = yaml.safe_dump_all(here)
    said = words_of("kubectl", "-n", namespace.name, "apply", "--dry-run=server", "-f", "-", stdin=text)
    assert "arning" not in said
    assert said.count("(server dry run)") == len(here)


@pytest.mark.usefixtures("enforced")
@pytest.mark.parametrize(
    ("component", "container", "reached"),
    [
        ("app", "web", {"webhook", "prometheus", "alertmanager"}),
        ("webhook", "webhook", {"alertmanager"}),
        (STRANGER, STRANGER, set()),
    ],
)
@pytest.mark.threat("T24")
def test_a_part_reaches_what_it_needs_and_no_more(guarded, component, container, reached):
    others = set(ADDRESSES) - {component}
    seen = {
        other
        for other in others
        if connects(guarded, component, container, guarded.object_name(other), ADDRESSES[other])
    }
    assert seen == reached


@pytest.mark.usefixtures("enforced")
def test_prometheus_reaches_all_it_scrapes_and_alertmanager(guarded):
    def up():
        answer = guarded.forward("prometheus").request("GET", "/api/v1/targets?state=active").json()
        return {
            target["labels"]["job"] for target in answer["data"]["activeTargets"] if target["health"] == "up"
        }

    jobs = {"oims-app", "oims-webhook", "alertmanager", "prometheus"}
    eventually(lambda: up() == jobs, "every target up")
    answer = guarded.forward("prometheus").request("GET", "/api/v1/alertmanagers").json()
    assert len(answer["data"]["activeAlertmanagers"]) == 1


@pytest.mark.usefixtures("enforced")
def test_a_prometheus_of_another_namespace_reaches_the_metrics_and_nothing_else(guarded, elsewhere):
    def reached(component, port):
        host = f"{guarded.object_name(component)}.{guarded.namespace.name}"
        said = elsewhere.kubectl("exec", "deployment/sink", "--", "python", "-c", CONNECT, host, str(port))
        return said.strip() == "open"

    for component, port in (("app-pods", 5010), ("webhook-pods", 5011), ("alertmanager", 9093)):
        eventually(lambda: reached(component, port), f"{component}:{port}", seconds=30)  # noqa: B023
    assert not reached("app", 5000)
    assert not reached("webhook", 5001)


@pytest.mark.parametrize(
    "what",
    [
        ("list", "pods"),
        ("watch", "pods"),
        ("get", "pods", "--subresource=log"),
        ("create", "pods/oims-gate-0", "--subresource=portforward"),
        ("get", "pods/oims-gate-0", "--subresource=portforward"),
        ("get", "deployments.apps/oims-app"),
        ("patch", "deployments.apps/oims-app"),
        ("patch", "deployments.apps/oims-app", "--subresource=scale"),
        ("get", "leases.coordination.k8s.io/oims-automation"),
        ("update", "leases.coordination.k8s.io/oims-automation"),
    ],
    ids=" ".join,
)
@pytest.mark.threat("T9")
def test_the_monitor_may_do_its_work(guarded, what):
    assert guarded.namespace.may("oims-monitor", *what)


@pytest.mark.parametrize(
    "what",
    [
        ("get", "secrets"),
        ("get", "configmaps"),
        ("create", "pods"),
        ("delete", "pods"),
        ("update", "leases.coordination.k8s.io/another"),
        ("delete", "leases.coordination.k8s.io/oims-automation"),
        ("create", "pods", "--subresource=exec"),
        ("create", "pods", "--subresource=portforward"),
        ("create", "pods/oims-gate-1", "--subresource=portforward"),
        ("get", "pods", "--subresource=portforward"),
        ("get", "pods/oims-gate-0", "--subresource=exec"),
        ("get", "pods/oims-gate-0", "--subresource=proxy"),
        ("get", "services/oims-app", "--subresource=proxy"),
        ("create", "serviceaccounts/oims-monitor", "--subresource=token"),
        ("patch", "deployments.apps/oims-webhook"),
        ("delete", "deployments.apps/oims-app"),
        ("create", "deployments.apps"),
        ("patch", "statefulsets.apps"),
        ("patch", "deployments.apps/oims-app", "-n", "default"),
        ("list", "pods", "-n", "default"),
        ("list", "pods", "--all-namespaces"),
        ("create", "rolebindings.rbac.authorization.k8s.io"),
    ],
    ids=" ".join,
)
@pytest.mark.threat("T9")
@pytest.mark.threat("T39")
def test_the_monitor_may_do_nothing_else(guarded, what):
    assert not guarded.namespace.may("oims-monitor", *what)


@pytest.mark.parametrize("account", ["oims-app", "oims-webhook", "oims-prometheus", "oims-alertmanager"])
def test_the_other_accounts_may_do_nothing(guarded, account):
    guarded.namespace.kubectl("get", "serviceaccount", account)
    for what in (("list", "pods"), ("get", "secrets"), ("patch", "deployments.apps")):
        assert not guarded.namespace.may(account, *what)


@pytest.mark.parametrize(
    ("component", "container"), [("app", "web"), ("app", "worker"), ("webhook", "webhook")]
)
def test_no_api_token_lies_in_a_pod_that_faces_the_network(guarded, component, container):
    look = "import os; print(os.path.exists('/var/run/secrets/kubernetes.io'))"
    assert guarded.execute(component, container, "python", "-c", look).strip() == "False"
