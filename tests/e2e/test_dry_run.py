"""The API server admits what the chart renders, also from odd values: as a dry run, nothing is installed."""

import json

import pytest
import yaml

from tests.chart.rendering import VALUES_FILES, text_of
from tests.e2e.cluster import run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CUSTOM = {"HTTPRoute", "ServiceMonitor", "PrometheusRule", "Certificate"}
"""Kinds that only some clusters have."""
ODD = {
    "fullnameOverride": "oims",
    "global": {
        "commonLabels": {"release": "1e3", "example.org/team": ""},
        "commonAnnotations": {"note": "yes: [no]"},
        "imagePullSecrets": ["1e3", {"name": "null"}],
        "nodeSelector": {"zone": "2026"},
        "priorityClassName": "system-cluster-critical",
        "tolerations": [
            {"key": "spot", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": None}
        ],
    },
    "app": {
        "auth": {"existingSecret": "2026"},
        "podLabels": {"release": "on"},
        "extraEnv": [{"name": "A", "value": "1e3"}],
        "apiRateLimit": 2_000_000,
    },
    "webhook": {"auth": {"existingSecret": "on"}},
    "database": {"sqlite": {"persistence": {"storageClass": "1e3"}}},
    "alertmanager": {"serviceAccount": {"create": False, "name": "1e3"}},
}


def admitted(namespace, *files, release="oims"):
    """Apply a render as a dry run; return what the server says of each object."""
    rendered = text_of(*files, release=release, namespace=namespace.name)
    assert isinstance(rendered, str), rendered.message
    items = [item for item in yaml.safe_load_all(rendered) if item and item["kind"] not in CUSTOM]
    # A dry run makes no namespace: what goes elsewhere is admitted here.
    for item in items:
        if "namespace" in item["metadata"]:
            item["metadata"]["namespace"] = namespace.name
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    said = run("kubectl", "apply", "--server-side", "--dry-run=server", "-f", "-", stdin=body)
    assert said.count("serverside-applied") == len(items)


@pytest.mark.parametrize("values", VALUES_FILES)
def test_the_server_admits_every_object_of_a_values_file(namespace, values):
    admitted(namespace, values)


@pytest.mark.parametrize("release", ["1e3", "2026", "my.shop"])
def test_the_server_admits_odd_names_and_values(namespace, tmp_path, release):
    file = tmp_path / "odd-values.yaml"
    file.write_text(json.dumps(ODD))
    admitted(namespace, str(file), release=release)
