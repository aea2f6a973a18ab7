"""What a change of values changes, and what may never change."""

import json
import os

import pytest

from tests.chart.rendering import CHART, documents, of_kind, pods

CLAIMED = ("serviceName", "podManagementPolicy", "volumeClaimTemplates")
FROZEN = CHART.parents[1] / "tests" / "chart" / "golden" / "immutable.json"


def templates(values="default", sets=()):
    return {
        name: json.dumps(pod)
        for name, pod in pods(documents(values, sets=sets)).items()
        if pod.get("kind") != "Pod"
    }


def changed(*sets):
    before, after = templates(), templates(sets=sets)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("sets", "restarted"),
    [
        (("app.logLevel=debug",), {"Deployment/oims-app"}),
        (("app.smtp.host=smtp.example.org",), {"Deployment/oims-app"}),
        (("webhook.logLevel=debug",), {"Deployment/oims-webhook"}),
        (("prometheus.scrapeInterval=30s",), set()),
        (("prometheus.extraRules.mine.groups[0].name=mine",), set()),
        (("alertmanager.route.groupWait=20s",), {"StatefulSet/oims-alertmanager"}),
        (("networkPolicy.enabled=false",), set()),
        (("app.pdb.enabled=false",), set()),
        (("app.service.type=NodePort",), set()),
        (("keepOnUninstall=false",), set()),
    ],
)
def test_only_the_pods_that_read_it_restart(sets, restarted):
    assert changed(*sets) == restarted


def immutable(objects):
    """Return the fields that Kubernetes refuses to change."""
    found = {}
    for item in of_kind(objects, "Deployment", "StatefulSet", "PersistentVolumeClaim", "RoleBinding"):
        spec = item.get("spec", {})
        fields = {"selector": spec.get("selector"), "roleRef": item.get("roleRef")}
        if item["kind"] == "StatefulSet":
            fields |= {name: spec.get(name) for name in CLAIMED}
        if item["kind"] == "PersistentVolumeClaim":
            fields["spec"] = spec
        found[f"{item['kind']}/{item['metadata']['name']}"] = {
            name: value for name, value in fields.items() if value
        }
    return found


def test_immutable_fields_are_those_of_the_last_release():
    """OIMS_UPDATE_GOLDEN=1 writes the file anew; a changed line needs a new major version."""
    now = {values: immutable(documents(values)) for values in ("default", "everything")}
    if os.environ.get("OIMS_UPDATE_GOLDEN"):
        FROZEN.parent.mkdir(exist_ok=True)
        FROZEN.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    assert json.loads(FROZEN.read_text()) == now


@pytest.mark.parametrize(
    "sets",
    [
        ("global.commonLabels.team=a",),
        ("app.image.tag=9.9.9", "webhook.image.tag=9.9.9"),
        ("app.podLabels.tier=web",),
        ("prometheus.image.tag=v3.15.0",),
    ],
)
def test_labels_and_tags_reach_no_immutable_field(sets):
    assert immutable(documents("everything", sets=sets)) == immutable(documents("everything"))


def test_a_new_chart_version_reaches_no_immutable_field(tmp_path):
    chart = tmp_path / "oims"
    chart.mkdir()
    for path in CHART.iterdir():
        (chart / path.name).symlink_to(path)
    (chart / "Chart.yaml").unlink()
    (chart / "Chart.yaml").write_text(
        (CHART / "Chart.yaml").read_text().replace("ersion: 0.1.0", "ersion: 7.0.0+x")
    )
    assert immutable(documents("default", chart=chart)) == immutable(documents("default"))


def test_an_autoscaler_owns_the_number_of_pods():
    objects = documents("postgres-host")
    assert all("replicas" not in item["spec"] for item in of_kind(objects, "Deployment"))
    assert len(of_kind(objects, "HorizontalPodAutoscaler")) == 2
