"""What holds for every pod of every values file."""

import inspect
import os
import re
import subprocess
import time

import pytest

import app.wsgi
import webhook.wsgi
from tests.chart.rendering import VALUES_FILES, containers, documents, pods

# The only pod that talks to the Kubernetes API.
WITH_TOKEN = {"StatefulSet/oims-automation"}
# Volumes mounted file by file, and the annotation by which a change of theirs makes new pods.
RENEWED_WITH_THE_POD = {"playbooks": "checksum/policy"}


def every_pod(check):
    """Make a test per values file from a check of one pod; what it asks for is passed by name.

    Nothing is rendered before the test runs: each test process would have to, just to list the tests.
    """

    @pytest.mark.parametrize("values", VALUES_FILES)
    def test(subtests, values):
        for name, pod in pods(documents(values)).items():
            known = {"pod": pod, "name": name, "values": values}
            with subtests.test(name):
                check(**{wanted: known[wanted] for wanted in inspect.signature(check).parameters})

    return test


@every_pod
@pytest.mark.threat("T12")
def test_it_meets_the_restricted_pod_security_standard(pod):
    spec = pod["spec"]
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] > 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"sysctls", "windowsOptions", "supplementalGroups"} & set(security)
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec)
    for container in containers(pod):
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own["readOnlyRootFilesystem"] is True
        assert not {"privileged", "runAsUser", "runAsNonRoot", "procMount", "seccompProfile"} & set(own)
        assert not any("hostPort" in port for port in container.get("ports", []))


@every_pod
def test_its_volumes_are_of_allowed_kinds_declared_once_and_all_mounted(pod, values, name):
    allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
    declared = [volume["name"] for volume in pod["spec"].get("volumes", [])]
    for volume in pod["spec"].get("volumes", []):
        assert set(volume) - {"name"} <= allowed
    mounted = {mount["name"] for container in containers(pod) for mount in container.get("volumeMounts", [])}
    owner = next(item for item in documents(values) if f"{item['kind']}/{item['metadata']['name']}" == name)
    claims = {claim["metadata"]["name"] for claim in owner["spec"].get("volumeClaimTemplates", [])}
    assert len(declared) == len(set(declared))
    assert mounted == set(declared) | claims
    for container in containers(pod):
        places = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
        assert len(places) == len(set(places))
        # A single file never follows its Secret or ConfigMap, so a new one has to make a new pod.
        single = {mount["name"] for mount in container.get("volumeMounts", []) if "subPath" in mount}
        assert single <= RENEWED_WITH_THE_POD.keys()
        assert {RENEWED_WITH_THE_POD[volume] for volume in single} <= pod["metadata"].get(
            "annotations", {}
        ).keys()


@every_pod
@pytest.mark.threat("T11")
def test_it_gets_no_service_links_and_a_token_only_where_it_needs_one(pod, name):
    assert pod["spec"]["enableServiceLinks"] is False
    assert pod["spec"]["automountServiceAccountToken"] is (name in WITH_TOKEN)


@every_pod
@pytest.mark.threat("T25")
def test_its_images_are_pinned(pod):
    for container in containers(pod):
        assert re.search(r"(:v?\d[\w.-]*|@sha256:[0-9a-f]{64})$", container["image"]), container["image"]


@every_pod
def test_it_asks_for_resources_and_limits_memory_only(pod):
    for container in containers(pod):
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert set(container["resources"]["limits"]) == {"memory"}


@every_pod
def test_whatever_listens_is_probed(pod):
    for container in pod["spec"]["containers"]:
        if container.get("ports"):
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
            # A database that is down must not restart the pod.
            assert container["livenessProbe"].get("httpGet", {}).get("path") != "/readyz"


def test_a_worker_is_restarted_when_its_pulse_has_stopped_and_not_for_its_database(tmp_path):
    (worker,) = [
        container
        for container in containers(pods(documents("default"))["Deployment/oims-app"])
        if container["name"] == "worker"
    ]
    pulse = {item["name"]: item["value"] for item in worker["env"]}["OIMS_WORKER_PULSE"]
    probe = worker["livenessProbe"]
    assert worker["startupProbe"]["exec"] == probe["exec"]
    file = tmp_path / "pulse"
    command = [word.replace(pulse, str(file)) for word in probe["exec"]["command"]]

    def is_alive():
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0

    assert not is_alive()
    file.touch()
    assert is_alive()
    os.utime(file, (time.time(), time.time() - 61))
    assert not is_alive()


@every_pod
def test_secrets_reach_it_as_files(pod, values):
    for container in containers(pod):
        secret = [
            item["name"] for item in container.get("env", []) if "secretKeyRef" in item.get("valueFrom", {})
        ]
        assert secret in ([], ["OIMS_WEBHOOK_JOURNAL"]), values
        for item in container.get("env", []):
            if re.search(r"(PASSWORD|TOKEN|KEY|SECRET)(?!_AGE)", item["name"]):
                assert item["name"].endswith("_FILE"), item["name"]


@pytest.mark.parametrize(
    ("name", "part", "setting"),
    [
        ("Deployment/oims-app", "app", "OIMS_BIND"),
        ("Deployment/oims-app", "app", "OIMS_ADMIN_EMAIL"),
        ("Deployment/oims-webhook", "webhook", "OIMS_WEBHOOK_BIND"),
        ("StatefulSet/oims-automation", "automation.inCluster", "OIMS_METRICS_BIND"),
    ],
)
def test_a_variable_of_the_users_stands_in_the_place_of_the_charts(name, part, setting):
    given = f"{part}.extraEnv[0].name={setting}", f"{part}.extraEnv[0].value=mine"
    for container in containers(pods(documents("automation-in-cluster", sets=given))[name]):
        variables = [item["name"] for item in container["env"]]
        assert len(variables) == len(set(variables)), "an apply on the server refuses this"
        assert {"name": setting, "value": "mine"} in container["env"]


@every_pod
def test_it_has_time_to_end(pod):
    if pod.get("kind") != "Pod":
        assert pod["spec"]["terminationGracePeriodSeconds"] >= 30


@pytest.mark.parametrize("part", ["app", "webhook"])
def test_a_server_has_more_time_than_its_drain_and_its_last_requests_take(part):
    spec = pods(documents("everything"))[f"Deployment/oims-{part}"]["spec"]
    drain = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    last_requests = {"app": app.wsgi.GRACE_S, "webhook": webhook.wsgi.GRACEFUL_SECONDS}[part]
    assert spec["terminationGracePeriodSeconds"] >= drain + last_requests + 10


def test_pull_secrets_and_the_registry_reach_every_pod():
    for name, pod in pods(documents("hardened")).items():
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}], name
        for container in containers(pod):
            assert container["image"].startswith("registry.example.org/"), name


@pytest.mark.parametrize("values", VALUES_FILES)
def test_first_secrets_are_seen_by_the_migration_only(values):
    pod = pods(documents(values))["Deployment/oims-app"]
    seeing = {
        container["name"]
        for container in containers(pod)
        if any(mount["name"] == "first-secrets" for mount in container["volumeMounts"])
    }
    assert seeing == {"migrate"}


@pytest.mark.parametrize("values", VALUES_FILES)
def test_one_file_has_one_writer(values):
    for item in documents(values):
        if item["kind"] != "Deployment":
            continue
        volumes = item["spec"]["template"]["spec"]["volumes"]
        if any("persistentVolumeClaim" in volume for volume in volumes):
            assert item["spec"]["replicas"] == 1
            assert item["spec"]["strategy"] == {"type": "Recreate"}
        elif item["spec"]["strategy"]["type"] == "RollingUpdate":
            assert item["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_single_replica_says_so_for_the_playbook():
    def note(values):
        (item,) = [
            item
            for item in documents(values)
            if item["kind"] == "Deployment" and item["metadata"]["name"] == "oims-app"
        ]
        return item["metadata"].get("annotations", {}).get("oims.dev/single-replica")

    assert note("default") == "true"
    assert note("postgres-bundled") is None
