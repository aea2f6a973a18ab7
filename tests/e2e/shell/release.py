"""What the monitor follows: pods that number their lines, in a namespace with the monitor's account."""

import json
import subprocess
import uuid

from tests.e2e import values
from tests.e2e.cluster import CHART, helm_program, run
from tests.e2e.patience import patient, patient_text

# Numbers its lines, and answers on the webhook's port so that a forward can be probed.
PROGRAM = r"""
python -m http.server 5001 >/dev/null 2>&1 &
run=$(cat /proc/sys/kernel/random/uuid)
n=0
while :; do
  n=$((n + 1))
  echo "{\"kind\":\"alert\",\"seq\":$n,\"pod\":\"$HOSTNAME\",\"run\":\"$run\"}"
  sleep 0.2
done
"""
# Process 1 cannot be killed from inside its container, but it ends with its child.
FIRST = 'sh -c "$PROGRAM" & echo $! >/tmp/child; wait $!'

BESIDE = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: renewer}
---
apiVersion: v1
kind: Service
metadata: {name: oims-webhook}
spec:
  selector: {app.kubernetes.io/instance: oims, app.kubernetes.io/component: webhook}
  ports: [{port: 5001}]
---
apiVersion: v1
kind: Secret
metadata: {name: oims-webhook}
stringData: {token: writer, reader-token: reader, event-key: key}
---
apiVersion: v1
kind: Secret
metadata: {name: oims-app}
stringData: {secret-key: s, admin-password: p, automation-token: reporter}
"""


def deployment(component, image):
    labels = {
        "app.kubernetes.io/name": "oims",
        "app.kubernetes.io/instance": "oims",
        "app.kubernetes.io/component": component,
    }
    container = {
        "name": component,
        "image": image,
        "command": ["sh", "-c", FIRST],
        "env": [{"name": "PROGRAM", "value": PROGRAM}],
        "readinessProbe": {"httpGet": {"port": 5001}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"oims-{component}"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 2, "containers": [container]},
            },
        },
    }


def of_the_chart(namespace):
    """Return the monitor's account with its Role, and the gate, as the chart makes them."""
    image = values.image("webhook")
    options = [word for key, value in image.items() for word in ("--set", f"webhook.image.{key}={value}")]
    for key, value in {"kind": "ServiceAccount", "name": "renewer", "namespace": namespace}.items():
        options += ["--set", f"automation.monitor.renewers[0].{key}={value}"]
    for name in ("automation/monitor", "automation/renewal", "gate/statefulset", "gate/networkpolicy"):
        options += ["--show-only", f"templates/{name}.yaml"]
    return run(helm_program(), "template", "oims", CHART, "--namespace", namespace, *options)


class Release:
    """What the chart would install, as far as the monitor sees it."""

    def __init__(self):
        held = values.image("app")  # any that each node holds and that has a shell and Python
        image = f"{held['repository']}:{held['tag']}"
        self.namespace = f"monitor-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", self.namespace)
        self.kubectl("apply", "-f", "-", stdin=BESIDE)
        self.kubectl("apply", "-f", "-", stdin=of_the_chart(self.namespace))
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("webhook", image)))
        self.kubectl("rollout", "status", "deployment/oims-webhook", f"--timeout={patient_text(120)}")
        self.kubectl("rollout", "status", "statefulset/oims-gate", f"--timeout={patient_text(120)}")

    def kubectl(self, *arguments, stdin=None):
        done = subprocess.run(
            ["kubectl", "-n", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=patient(150),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pods(self):
        """Return the names of the webhook's pods that are not going away."""
        selector = "app.kubernetes.io/component=webhook"
        found = json.loads(self.kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]
        return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}
