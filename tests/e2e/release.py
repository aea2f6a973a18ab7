"""A release of the chart in a namespace, as seen from outside."""

import base64
import json
import shutil
import tempfile
import uuid
from pathlib import Path

import yaml

from tests.e2e.cluster import CHART, ROOT, eventually, helm_program, run, words_of
from tests.e2e.forward import Forward
from tests.e2e.patience import Refused, again, patient_text

PORTS = {"app": 5000, "webhook": 5001, "prometheus": 9090, "alertmanager": 9093}
METRICS = {"app-metrics": ("app", 5010), "webhook-metrics": ("webhook", 5011)}
"""Outside of the public Services."""
INSTALL_SECONDS = 300
STEPS = ("health", "login", "refusal", "round-trip")
"""What the chart's own tests try, a pod each."""


class Release:
    """Installs, upgrades and asks; the namespace stays its owner's."""

    def __init__(self, namespace, name="oims"):
        self.namespace, self.name = namespace, name
        self.fullname = name if "oims" in name else f"{name}-oims"
        self.values = None
        self.program = "helm"
        self._forwards = {}
        self._tokens = {}

    # --- Helm

    def helm(self, *arguments, timeout=INSTALL_SECONDS + 30):
        return run(
            helm_program(self.program), "--namespace", self.namespace.name, *arguments, timeout=timeout
        )

    def test(self, *options):
        """Run the chart's own tests; return which steps said that all is well."""
        program = helm_program(self.program)
        said = words_of(program, "--namespace", self.namespace.name, "test", self.name, *options)
        return [step for step in STEPS if f"ok {step}" in said]

    def deploy(self, values, *options, chart=CHART, seconds=INSTALL_SECONDS):
        """Install or upgrade and wait until it is ready."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(values, file)
            file.flush()
            self.helm(
                *("upgrade", "--install", self.name, str(chart), "--values", file.name),
                *("--wait", "--timeout", patient_text(seconds), *options),
            )
        self.forget()
        self.values = values
        return self

    def forget(self):
        """Drop addresses and tokens: pods and database may be others now."""
        self.close()
        self._tokens.clear()

    def revision(self):
        return json.loads(self.helm("status", self.name, "--output", "json"))["version"]

    # --- objects

    def object_name(self, component):
        return f"{self.fullname}-{component}"

    def get(self, kind, component):
        return self.namespace.get(kind, self.object_name(component))

    def pods(self, component):
        """Return the pods of a component that are not going away, by UID."""
        found = self.namespace.items(
            "pods", **{"app.kubernetes.io/instance": self.name, "app.kubernetes.io/component": component}
        )
        return {pod["metadata"]["uid"]: pod for pod in found if "deletionTimestamp" not in pod["metadata"]}

    def pod_names(self, component):
        return sorted(pod["metadata"]["name"] for pod in self.pods(component).values())

    def ready_pods(self, component):
        return {uid: pod for uid, pod in self.pods(component).items() if _is_ready(pod)}

    def all_pods(self):
        """Return the UIDs of every pod of the release."""
        found = self.namespace.items("pods", **{"app.kubernetes.io/instance": self.name})
        return {pod["metadata"]["uid"] for pod in found if "deletionTimestamp" not in pod["metadata"]}

    def replica_sets(self, component):
        """Return the component's ReplicaSets that want pods, by UID."""
        found = self.namespace.items(
            "replicasets",
            **{"app.kubernetes.io/instance": self.name, "app.kubernetes.io/component": component},
        )
        return {item["metadata"]["uid"] for item in found if item["spec"]["replicas"]}

    def state(self):
        """Return what an upgrade without changes may not touch."""
        return (
            self.all_pods(),
            self.replica_sets("app") | self.replica_sets("webhook"),
            self.secrets(),
        )

    def secrets(self):
        """Return the data of the release's own Secrets, by name."""
        found = self.namespace.items("secrets", **{"app.kubernetes.io/instance": self.name})
        return {item["metadata"]["name"]: item["data"] for item in found if item["type"] == "Opaque"}

    def secret(self, component, key):
        return base64.b64decode(self.get("secret", component)["data"][key]).decode()

    def log(self, component, container):
        """Return the lines of JSON that a component's pods have logged."""
        lines = []
        for pod in self.pods(component).values():
            text = self.namespace.kubectl("logs", pod["metadata"]["name"], "-c", container)
            lines += [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return lines

    def execute(self, component, container, *command):
        target = f"deployment/{self.object_name(component)}"
        return self.namespace.kubectl("exec", target, "-c", container, "--", *command)

    # --- interfaces

    def forward(self, component, pod=None):
        """Return an address for a component's Service, or for one of its pods."""
        if component in METRICS:
            part, port = METRICS[component]
            target = f"service/{self.object_name(part)}-pods"
        else:
            port = PORTS[component]
            target = f"pod/{pod}" if pod else f"service/{self.object_name(component)}"
        if target not in self._forwards:
            self._forwards[target] = Forward(self.namespace.name, target, port)
        return self._forwards[target]

    def token(self, scope="admin"):
        """Return an API token of a scope."""
        if scope not in self._tokens:
            self._tokens[scope] = self._create_token(scope)
        return self._tokens[scope]

    def _create_token(self, scope):
        name = f"e2e {uuid.uuid4().hex[:8]}"
        command = ("python", "-m", "app", "token", "create", name, "--scope", scope)
        return again(lambda: self.execute("app", "web", *command)).strip().splitlines()[-1]

    def api(self, path, body=None, *, pod=None):
        """Get from the app's API, or post a body to it."""
        answer = self.forward("app", pod).request(
            "GET" if body is None else "POST",
            path,
            json=body,
            headers={"Authorization": f"Bearer {self.token()}"},
        )
        answer.raise_for_status()
        return answer.json()

    def incident(self, alertname):
        """Return the newest incident of an alert, from the app's API."""
        items = self.api("/api/v1/incidents?limit=100")["items"]
        found = [item for item in items if item["alertname"] == alertname]
        return max(found, key=lambda item: item["id"]) if found else None

    def timeline(self, incident):
        return self.api(f"/api/v1/incidents/{incident}/timeline?limit=100")["items"]

    def add_incident(self, title):
        return self.api("/api/v1/incidents", {"title": title})["id"]

    def has_incident(self, number, title):
        def look():
            return self.api(f"/api/v1/incidents/{number}")["title"] == title

        return eventually(look, f"incident {number}")

    def switch_fault(self, kind, *, on, pod=None):
        self.api("/demo/faults", {"kind": kind, "on": on}, pod=pod)

    def post_alert(self, **labels):
        """Post an alert to the webhook as Alertmanager does; return the answer."""
        return self.forward("webhook").request(
            "POST",
            "/",
            json={"alerts": [{"status": "firing", "labels": labels}]},
            headers={"Authorization": f"Bearer {self.secret('webhook', 'token')}"},
        )

    def close(self):
        for forward in self._forwards.values():
            forward.close()


class Chart:
    """A copy of the chart that a test may change."""

    def __init__(self, folder):
        self.path = Path(shutil.copytree(CHART, folder / "oims"))


RESTRICTED = {
    "automountServiceAccountToken": False,
    "terminationGracePeriodSeconds": 1,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
"""What the restricted namespaces of the tests want of a pod."""


def add_sink(namespace, image):
    """Run the mail server beside a release."""
    script = (ROOT / "tests/e2e/sink.py").read_text(encoding="utf-8")
    labels = {"app": "sink"}
    container = {
        "name": "sink",
        "image": image,
        "command": ["python", "/opt/sink/sink.py"],
        "volumeMounts": [{"name": "script", "mountPath": "/opt/sink"}],
        "readinessProbe": {"tcpSocket": {"port": 2525}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    volume = {"name": "script", "configMap": {"name": "sink"}}
    pod = RESTRICTED | {"containers": [container], "volumes": [volume]}
    for body in (
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"sink.py": script}},
        {"apiVersion": "v1", "kind": "Service", "spec": {"selector": labels, "ports": [{"port": 2525}]}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
    ):
        namespace.kubectl("apply", "-f", "-", stdin=json.dumps({**body, "metadata": {"name": "sink"}}))


def mails(namespace):
    """Return the mails that the sink has taken, oldest first."""
    try:
        text = namespace.kubectl("logs", "deployment/sink")
    except Refused:
        return []
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def _is_ready(pod):
    conditions = pod["status"].get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)
