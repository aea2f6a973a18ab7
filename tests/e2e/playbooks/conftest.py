"""Remedies against the cluster of the current kube context, in a namespace of the tests' own."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.automation.conftest import (  # noqa: F401 - the follower's fixtures
    app,
    automation,
    env,
    eventually,
    follower,
    journal,
    playbooks,
)
from tests.e2e.patience import patient, patient_text
from tests.e2e.values import image

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent


class Cluster:
    def __init__(self, namespace, image):
        self.namespace, self.image = namespace, image

    def kubectl(self, *arguments, stdin=None):
        done = subprocess.run(
            ["kubectl", "-n", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(120),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def pods(self, name):
        """UIDs of the workload's pods that are not going away."""
        found = json.loads(self.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"]
        return {pod["metadata"]["uid"] for pod in found if "deletionTimestamp" not in pod["metadata"]}

    def create(self, kind, name, *, replicas=1, **spec):
        body = {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name, "annotations": {"meta.helm.sh/release-name": "kept"}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {
                        "terminationGracePeriodSeconds": 1,
                        "containers": [
                            {
                                "name": "main",
                                "image": self.image,
                                "command": ["sleep", "infinity"],
                                "env": [{"name": "STEP", "value": "one"}],
                            }
                        ],
                    },
                },
            }
            | ({} if kind == "DaemonSet" else {"replicas": replicas})
            | ({"serviceName": name} if kind == "StatefulSet" else {})
            | spec,
        }
        self.kubectl("apply", "-f", "-", stdin=json.dumps(body))
        self.kubectl("rollout", "status", f"{kind}/{name}", f"--timeout={patient_text(90)}")
        return name

    def env(self, kind, name):
        return self.get(kind, name)["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]


@pytest.fixture(scope="session")
def cluster():
    namespace = f"remedies-{uuid.uuid4().hex[:8]}"
    subprocess.run(
        ["kubectl", "create", "namespace", namespace],
        check=True,
        timeout=patient(30),
        stdout=subprocess.DEVNULL,
    )
    held = image("app")  # any that each node holds
    yield Cluster(namespace, f"{held['repository']}:{held['tag']}")
    subprocess.run(
        ["kubectl", "delete", "namespace", namespace, "--wait=false"],
        check=True,
        timeout=patient(30),
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture
def play(tmp_path, cluster):
    def run(playbook, target, *options, kubeconfig=None, **variables):
        kind, name = target.split("/")
        values = {
            "oims_target_kind": kind,
            "oims_target_namespace": cluster.namespace,
            "oims_target_name": name,
        } | variables
        file = tmp_path / "variables.json"
        file.write_text(
            json.dumps(
                {
                    key: {"__ansible_unsafe": value} if isinstance(value, str) else value
                    for key, value in values.items()
                }
            )
        )
        return subprocess.run(
            [
                BIN / "ansible-playbook",
                "-i",
                "inventories/kubernetes",
                "-e",
                f"@{file}",
                *options,
                f"{playbook}.yml",
            ],
            cwd=ROOT / "playbooks",
            env=os.environ
            | {"ANSIBLE_CONFIG": "ansible.cfg", "LC_ALL": "C.UTF-8"}
            | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(240),
        )

    return run
