"""Backup and restore by the chart's CronJobs, with what a platform team adds.

That is a namespace that is not the release's, an authority, an init container and strategies of its own.
"""

import json

import pytest

from tests.certificates import make_certificate
from tests.e2e import backups, values
from tests.e2e.cluster import Namespace, helm_program, run
from tests.e2e.patience import patient
from tests.e2e.release import INSTALL_SECONDS, Release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
AUTHORITY = "Authority of the platform team"
TRUSTED = "import ssl; print(ssl.create_default_context().get_ca_certs())"


class Elsewhere(Release):
    """A release that Helm keeps in another namespace than the one its objects are in."""

    home = ""

    def helm(self, *arguments, timeout=INSTALL_SECONDS + 30):
        return run(helm_program(), "--namespace", self.home, *arguments, timeout=timeout)


def knobs(namespace):
    """Return the values of a platform team."""
    image = values.image("app")
    first = {
        "name": "first",
        "image": f"{image['repository']}:{image['tag']}",
        "command": ["echo", "ran first"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    rolling = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}}
    app = {"extraInitContainers": [first], "strategy": {"type": "Recreate"}}
    ways_in = {"prometheus": "viewer", "alertmanager": "responder", "controller": "ingress-nginx"}
    return {
        "namespaceOverride": namespace.name,
        "global": {"privateCa": {"existingConfigMap": "trust", "key": "bundle.pem"}},
        "app": app | {"ingress": {"enabled": True, "hosts": ["{{ .Release.Name }}.example.org"]}},
        "monitoring": {"ingress": ways_in},
        "networkPolicy": {"allowFrom": {"app": [{"podSelector": {"matchLabels": {"is": "the-controller"}}}]}},
        "webhook": {"extraInitContainers": [first]},
        "prometheus": rolling,
        "alertmanager": rolling,
    } | backups.VALUES


@pytest.fixture(scope="module")
def release(namespace, tmp_path_factory):
    """Install it with all of them at once."""
    authority = make_certificate(tmp_path_factory.mktemp("authority"), common_name=AUTHORITY).certificate
    trust = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "trust"}}
    trust["data"] = {"bundle.pem": authority.read_text()}
    namespace.kubectl("apply", "-f", "-", stdin=json.dumps(trust))
    backups.claim(namespace)
    home = Namespace("backup-home")
    made = Elsewhere(namespace)
    made.home = home.name
    try:
        yield made.deploy(values.merge(values.base(), knobs(namespace)))
    finally:
        made.close()
        home.delete()


def test_the_parts_run_in_the_other_namespace_and_trust_the_authority(release):
    for component in ("app", "webhook", "prometheus", "alertmanager"):
        assert release.ready_pods(component), component
    assert AUTHORITY in release.execute("app", "web", "python", "-c", TRUSTED)
    assert "ran first" in release.namespace.kubectl("logs", "deployment/oims-app", "-c", "first")


def test_prometheus_and_alertmanager_answer_below_the_paths_of_the_ingress(release):
    ask = "import os, urllib.request as r; print(r.urlopen(os.environ[%r] + '/-/ready', timeout=%d).status)"
    for part in ("prometheus", "alertmanager"):
        address = f"OIMS_{part.upper()}_URL"
        assert release.execute("app", "web", "python", "-c", ask % (address, patient(30))).strip() == "200"
        ingress = json.loads(release.namespace.kubectl("get", "ingress", f"oims-{part}", "-o", "json"))
        assert ingress["spec"]["rules"][0]["host"] == "oims.example.org"
        assert f"/session/{knobs(release.namespace)['monitoring']['ingress'][part]}" in str(
            ingress["metadata"]
        )


def test_a_backup_brings_back_what_there_was_and_nothing_since(release):
    backups.brings_back_what_there_was(release, "db")
