import re

import pytest
import yaml

from tests.chart import rendering
from tests.chart.cluster import cluster_with
from tests.chart.rendering import CHART, NAMESPACE, VALUES_FILES

OPERATOR = {"operator", "httproute", "everything"}


def notes(values="default", *sets, release="oims", namespace=NAMESPACE, cluster=None):
    options = [part for value in sets for part in ("--set", value)]
    way = ["--dry-run=server", "--disable-openapi-validation"] if cluster else ["--dry-run=client"]
    file = CHART / "ci" / f"{values}-values.yaml"
    done = rendering.run_helm(
        "install",
        release,
        str(CHART),
        f"--namespace={namespace}",
        *way,
        f"--values={file}",
        *options,
        env={"KUBECONFIG": str(cluster)} if cluster else None,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("NOTES:\n", 1)[1]


@pytest.mark.parametrize("values", [values for values in VALUES_FILES if values not in OPERATOR])
def test_they_are_clean_text(values):
    text = notes(values)
    assert "<no value>" not in text
    assert "!" not in text
    assert not re.search(r"\n\n\n", text)


@pytest.mark.parametrize(
    ("values", "sets", "line"),
    [
        ("default", (), "kubectl -n incident-mgmt port-forward service/oims-app 5000:5000"),
        (
            "default",
            (),
            "kubectl -n incident-mgmt get secret oims-app -o jsonpath='{.data.admin-password}' | base64 -d",
        ),
        ("default", (), "It ends after 24 hours, and the first log-in asks for another."),
        ("default", (), "kubectl -n incident-mgmt port-forward service/oims-prometheus 9095:9090"),
        ("default", (), "scripts/monitor_alerts.sh"),
        ("default", (), "No mail is written: set app.smtp.host."),
        ("default", (), "Tools that only render (Argo CD, Flux)"),
        ("gitops", (), "get secret incident-app"),
        ("ingress-tls", (), "https://incidents.example.org"),
        ("ingress-tls", (), "with the role viewer: https://incidents.example.org/prometheus"),
        ("node-port", (), "get service oims-app -o jsonpath='{.spec.ports[0].nodePort}'"),
        ("node-port", (), "Every pod of the cluster reaches every part"),
        ("node-port", (), "Anyone may register"),
        ("node-port", (), "Not for production"),
        ("node-port", (), "Passwords cross the network unencrypted"),
        ("default", (), "set app.adminEmail, and the next upgrade"),
        ("default", ("app.smtp.host=smtp.example.org",), "Links in mails lead to http://localhost:5000"),
        ("no-persistence", (), "All incidents end with the app's pod"),
        ("no-persistence", (), "Accepted alerts end with the webhook's pod"),
        ("postgres-bundled", (), "one pod without backups"),
        (
            "postgres-bundled",
            ("backup.enabled=true", "backup.existingClaim=backups"),
            "The bundled PostgreSQL is one pod. For production",
        ),
        ("default", ("app.smtp.host=smtp.example.org",), "Nobody is on call"),
        (
            "default",
            ("automation.inCluster.enabled=true", "fullnameOverride=im"),
            "set automation.inCluster.policy",
        ),
        ("default", ("fullnameOverride=im",), "give the monitor a policy of your own by OIMS_POLICY"),
        ("default", ("automation.monitor.enabled=false",), "incidents wait for people"),
        ("external-alertmanager", (), "networkPolicy.allowFrom.webhook"),
        ("default", ("prometheus.enabled=false",), "Your own Prometheus is kept out of every part"),
    ],
)
def test_they_say_what_to_do_and_what_is_missing(values, sets, line):
    assert line in notes(values, *sets)


def test_with_a_gateway_they_name_its_address(tmp_path):
    with cluster_with({}, tmp_path) as cluster:
        assert "  https://incidents.example.org\n" in notes("httproute", cluster=cluster)


def test_the_monitor_is_told_every_name_that_is_not_its_default():
    assert "export" not in notes()
    secrets = ("app.auth.existingSecret=one", "webhook.auth.existingSecret=two")
    told = notes("default", *secrets, release="blue", namespace="shop")
    names = "OIMS_NAMESPACE=shop OIMS_RELEASE=blue OIMS_WEBHOOK_SECRET=two OIMS_APP_SECRET=one"
    assert f"  export {names}\n  make host-setup\n" in told


def test_they_do_not_warn_without_a_reason():
    assert "Tools that only render" not in notes("gitops")
    assert "unencrypted" not in notes("ingress-tls")
    assert "OIMS_POLICY" not in notes()
    assert "set automation.inCluster.policy" not in notes("automation-in-cluster")
    assert yaml.safe_load((CHART / "ci" / "default-values.yaml").read_text()) == {}
