"""Workloads that break in a way of their choosing: a template, a variable or too much memory."""

import json

from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.patience import patient_text
from tests.e2e.release import RESTRICTED

NOTE = "oims.dev/ready-revisions"
PROGRAM = """
import os, sys, time
if os.environ["LEVEL"] not in {"debug", "info"}:
    sys.exit("LEVEL must be debug or info")
eaten = b"x" * (int(os.environ["MEGABYTES"]) << 20)
time.sleep(86400)
"""
SLOW = {"minReadySeconds": 15, "progressDeadlineSeconds": 60}
"""So that a test can disturb the restart before it is complete."""
PATIENT = {"progressDeadlineSeconds": 7200}
"""So that a rollout goes on until the test ends it."""


def _container():
    image = values.image("app")
    return {
        "name": "main",
        "image": f"{image['repository']}:{image['tag']}",
        "command": ["python", "-c", PROGRAM],
        "env": [{"name": "LEVEL", "value": "info"}, {"name": "MEGABYTES", "value": "1"}],
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


class Workload:
    """A Deployment of one pod, which the automation repairs."""

    def __init__(self, namespace, name, **spec):
        self.namespace, self.name = namespace, name
        self._spec = spec

    def create(self):
        labels = {"run": self.name}
        pod = RESTRICTED | {"containers": [_container()]}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.name},
            "spec": {
                "selector": {"matchLabels": labels},
                "progressDeadlineSeconds": 10,  # until then the automation leaves a rollout alone
                "template": {"metadata": {"labels": labels}, "spec": pod},
                **self._spec,
            },
        }
        self.namespace.kubectl("apply", "-f", "-", stdin=json.dumps(body))

    def is_rolled_out(self):
        self.namespace.kubectl(
            "rollout", "status", f"deployment/{self.name}", f"--timeout={patient_text(120)}"
        )

    def is_known_to_be_good(self):
        """Wait until the automation has noted that the revision was ready."""
        eventually(lambda: NOTE in self._object()["metadata"]["annotations"], f"the note on {self.name}")

    def change(self, **fields):
        """Roll out a template whose container has other fields."""
        container = {"name": "main", **fields}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        self.namespace.kubectl("patch", "deployment", self.name, "--patch", json.dumps(patch))

    def begin_a_long_rollout(self):
        """Roll out a template whose pods count as available after an hour only."""
        container = {"name": "main", "env": [{"name": "LEVEL", "value": "debug"}]}
        patch = {"spec": {"minReadySeconds": 3600, "template": {"spec": {"containers": [container]}}}}
        self.namespace.kubectl("patch", "deployment", self.name, "--patch", json.dumps(patch))

    def scale(self, replicas):
        self.namespace.kubectl("scale", f"deployment/{self.name}", f"--replicas={replicas}")

    def replicas(self):
        return self._object()["spec"]["replicas"]

    def container(self):
        (container,) = self._object()["spec"]["template"]["spec"]["containers"]
        return container

    def revision(self):
        """Return how many templates it has had."""
        return int(self._object()["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    def reasons(self):
        """Return why its containers wait or have ended, in the kubelet's words."""
        found = set()
        for pod in self.namespace.items("pods", run=self.name):
            for status in pod["status"].get("containerStatuses", []):
                states = [*status["state"].values(), *status["lastState"].values()]
                found |= {state.get("reason") for state in states}
        return found

    def _object(self):
        return self.namespace.get("deployment", self.name)
