"""Releases come and go: from a package, side by side, uninstalled, installed again."""

import json
import re

import pytest

from tests.e2e import values
from tests.e2e.cluster import CHART, ROOT, eventually, helm_program, run
from tests.e2e.host import HostMonitor
from tests.e2e.patience import Refused, patient_text
from tests.e2e.release import Release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
TITLE = "Kept while the release was gone"
KEPT = {"persistentvolumeclaim", "secret"}
INSTALL_PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
OTHERS = (
    "deployment,statefulset,pod,service,configmap,serviceaccount,role,rolebinding,networkpolicy,"
    "poddisruptionbudget,horizontalpodautoscaler,job"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    run(helm_program(), "package", CHART, "--destination", folder)
    (archive,) = folder.glob("*.tgz")
    return archive


@pytest.fixture(scope="module")
def blue(namespace, package):
    release = Release(namespace, "blue")
    yield release.deploy(values.base(), chart=package)
    release.close()


@pytest.fixture(scope="module")
def green(namespace, package):
    release = Release(namespace, "green")
    yield release.deploy(values.base(), chart=package)
    release.close()


def claims(release):
    """Return the release's volumes, name to UID."""
    found = release.namespace.items("pvc", **{"app.kubernetes.io/instance": release.name})
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in found}


def documented(release, heading):
    """Return the first commands of a section of the install page, for this release."""
    section = INSTALL_PAGE.split(f"## {heading}\n", 1)[1]
    commands = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]
    for name, here in (
        ("incident-mgmt", release.namespace.name),
        ("deployment/oims-", f"deployment/{release.fullname}-"),
        ("instance=oims", f"instance={release.name}"),
        ("oims-automation", f"{release.name}-automation"),
    ):
        commands = commands.replace(name, here)
    return commands


def shell(commands, folder):
    return run("bash", "-euo", "pipefail", "-c", commands, cwd=folder)


def left(release, kinds):
    return set(
        release.namespace.kubectl(
            "get", kinds, "--selector", f"app.kubernetes.io/instance={release.name}", "--output", "name"
        ).split()
    )


def test_two_releases_in_one_namespace_do_not_hear_each_other(blue, green):
    assert not set(blue.secrets()) & set(green.secrets())
    assert blue.secret("webhook", "token") != green.secret("webhook", "token")
    assert blue.post_alert(alertname="BlueOnly").status_code == 200

    eventually(lambda: blue.incident("BlueOnly"), "the incident of the alert")
    assert green.incident("BlueOnly") is None
    refused = green.forward("webhook").request(
        "POST", "/", json={}, headers={"Authorization": f"Bearer {blue.secret('webhook', 'token')}"}
    )
    assert refused.status_code == 401


def test_a_hosts_folder_is_made_for_a_release_of_any_name(blue, tmp_path):
    assert HostMonitor(tmp_path, blue).set_up().kubectl("get", "pods")


def test_another_first_password_at_an_upgrade_is_refused(blue):
    changed = ("--reuse-values", "--set", "app.auth.adminPassword=another-first-password")
    with pytest.raises(Refused, match="differs from that of the first installation"):
        blue.helm("upgrade", blue.name, str(CHART), *changed, "--dry-run=server")


def test_uninstalling_keeps_volumes_and_secrets_and_nothing_else(blue, green):
    blue.number = blue.add_incident(TITLE)
    secrets, volumes = blue.secrets(), claims(blue)
    neighbours = green.all_pods()
    blue.helm("uninstall", blue.name, "--wait", "--timeout", patient_text(180))
    eventually(lambda: not left(blue, OTHERS), "the end of the release's objects", seconds=120)

    assert blue.secrets() == secrets
    assert claims(blue) == volumes
    assert {"blue-oims-app", "blue-oims-webhook"} <= set(volumes)
    assert green.all_pods() == neighbours
    blue.forget()
    blue.kept = secrets, volumes


def test_installing_again_adopts_what_was_kept(blue):
    blue.deploy(values.base())
    assert (blue.secrets(), claims(blue)) == blue.kept
    assert blue.has_incident(blue.number, TITLE)
    assert blue.test("--filter", "name=blue-oims-test-login") == ["login"]


def test_the_documented_backup_brings_back_what_was_lost_since(blue, tmp_path):
    number = blue.add_incident("Before the backup")
    shell(documented(blue, "Back up"), tmp_path)
    blue.api(f"/api/v1/incidents/{number}/comments", {"body": "After it."})
    pods = set(blue.pods("app"))

    shell(documented(blue, "Restore"), tmp_path)
    eventually(lambda: blue.ready_pods("app") and not set(blue.ready_pods("app")) & pods, "new pods")
    blue.forget()

    assert blue.has_incident(number, "Before the backup")
    assert "After it." not in str(blue.timeline(number))
    assert blue.test("--filter", "name=blue-oims-test-login") == ["login"]


def test_the_documented_purge_leaves_nothing(blue, tmp_path):
    blue.helm("uninstall", blue.name, "--wait", "--timeout", patient_text(180))
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "blue-automation"}}
    blue.namespace.kubectl("create", "-f", "-", stdin=json.dumps(lease))
    shell(documented(blue, "Remove what stays"), tmp_path)
    eventually(lambda: not left(blue, f"{OTHERS},{','.join(KEPT)}"), "an empty namespace", seconds=120)
    assert not blue.namespace.items("lease")
