"""What the monitor follows: pods that number their lines, in a namespace with the monitor's account."""

import json
import subprocess
import uuid

# Numbers its lines, and answers on the webhook's port so that a forward can be probed.
PROGRAM = r"""
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 5001, Listen => 5, ReuseAddr => 1) or die;
  while ($c = $s->accept) { print $c "HTTP/1.0 200 OK\r\n\r\n"; close $c }' &
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

RBAC = """
apiVersion: v1
kind: ServiceAccount
metadata:
  name: oims-monitor
  labels: {app.kubernetes.io/instance: oims, app.kubernetes.io/component: monitor}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: oims-monitor}
rules:
  - {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
  - {apiGroups: [""], resources: [pods/log], verbs: [get]}
  - {apiGroups: [""], resources: [pods/portforward], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: oims-monitor}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: oims-monitor}
subjects: [{kind: ServiceAccount, name: oims-monitor}]
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


class Release:
    """What the chart would install, as far as the monitor sees it."""

    def __init__(self, image):
        self.namespace = f"monitor-{uuid.uuid4().hex[:8]}"
        self.kubectl("create", "namespace", self.namespace)
        self.kubectl("apply", "-f", "-", stdin=RBAC)
        self.kubectl("apply", "-f", "-", stdin=json.dumps(deployment("webhook", image)))
        self.kubectl("rollout", "status", "deployment/oims-webhook", "--timeout=120s")

    def kubectl(self, *arguments, stdin=None):
        done = subprocess.run(
            ["kubectl", "-n", self.namespace, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def pods(self):
        found = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}
