"""`oims doctor --cluster`: each way in which a release does not start has its sentence and its command."""

import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.doctor.checkup import doctor

NAMESPACE = "/namespaces/shop"
LISTS = {
    f"/apis/apps/v1{NAMESPACE}/deployments": "Deployment",
    f"/apis/apps/v1{NAMESPACE}/statefulsets": "StatefulSet",
    f"/api/v1{NAMESPACE}/pods": "Pod",
    f"/api/v1{NAMESPACE}/persistentvolumeclaims": "PersistentVolumeClaim",
    f"/api/v1{NAMESPACE}/secrets": "Secret",
    f"/api/v1{NAMESPACE}/events": "Event",
}
CAN_NOT_START = {"reason": "CreateContainerConfigError", "message": 'couldn\'t find key "url"'}
PULL = {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}
NO_NODE = "0/1 nodes are available: 1 Insufficient cpu."
QUOTA = 'pods "oims-app-1" is forbidden: exceeded quota: small'


def labels(component="app"):
    return {"app.kubernetes.io/instance": "oims", "app.kubernetes.io/component": component}


def deployment(*volumes, ready=0, wanted=1):
    template = {"spec": {"containers": [{"name": "web"}], "volumes": [*volumes]}}
    return {
        "kind": "Deployment",
        "metadata": {"name": "oims-app", "labels": labels()},
        "spec": {"replicas": wanted, "selector": {}, "template": template},
        "status": {"readyReplicas": ready},
    }


def pod(state=None, *, last=None, conditions=()):
    status = {
        "name": "web", "image": "oims-app:1", "imageID": "", "ready": False, "restartCount": 0,
        "state": state or {}, "lastState": last or {},
    }  # fmt: skip
    return {
        "kind": "Pod",
        "metadata": {"name": "oims-app-1", "labels": labels()},
        "spec": {"containers": [{"name": "web"}]},
        "status": {"containerStatuses": [status], "conditions": [*conditions]},
    }


def event(kind, name, message):
    return {
        "kind": "Event",
        "metadata": {"name": "event"},
        "involvedObject": {"kind": kind, "name": name},
        "message": message,
        "lastTimestamp": "2026-11-27T10:00:00Z",
    }


def claim(phase):
    return {"metadata": {"name": "oims-app"}, "spec": {}, "status": {"phase": phase}}


def secret_volume(*keys):
    items = [{"key": key, "path": key} for key in keys]
    return {"name": "keys", "secret": {"secretName": "app-keys", "items": items}}


def from_claim():
    return {"name": "data", "persistentVolumeClaim": {"claimName": "oims-app"}}


class Api(http.server.BaseHTTPRequestHandler):
    """An API server that has what the test gives it."""

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.endswith("/log"):
            return self.answer(200, b"OIMS_BASE_URL: must start with https://\n", "text/plain")
        kind = LISTS.get(path)
        if kind in self.server.refused:
            return self.answer(403, b"{}")
        items = self.server.objects.get(kind, [])
        query = parse_qs(urlsplit(self.path).query)
        start, size = int(query.get("continue", ["0"])[0]), int(query["limit"][0])
        more = {"continue": str(start + size)} if start + size < len(items) else {}
        page = {"kind": f"{kind}List", "metadata": more, "items": items[start : start + size]}
        return self.answer(200, json.dumps(page).encode())

    def answer(self, status, body, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@pytest.fixture(scope="module")
def api():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def look(api, tmp_path, monkeypatch):
    """Gives the cluster some objects and runs the command on it."""
    kubeconfig = {
        "apiVersion": "v1", "kind": "Config", "current-context": "shop",
        "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "shop"}}],
        "clusters": [{"name": "shop", "cluster": {"server": f"http://127.0.0.1:{api.server_port}"}}],
        "users": [{"name": "shop", "user": {}}],
    }  # fmt: skip
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(kubeconfig))
    # The client keeps the place from when it was loaded.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))

    def run(*objects, options=(), refused=(), secrets=()):
        api.objects, api.refused = {"Secret": [*secrets]}, refused
        for item in objects:
            kind = item.get("kind", "PersistentVolumeClaim")
            api.objects.setdefault(kind, []).append(item)
        return doctor("--cluster", "--namespace", "shop", *options)

    return run


@pytest.mark.parametrize(
    ("objects", "sentence", "command"),
    [
        (
            [deployment(secret_volume("secret-key")), pod({"waiting": CAN_NOT_START})],
            "the Secret app-keys is not in the namespace shop.",
            "create secret generic app-keys --from-literal=secret-key=VALUE",
        ),
        (
            [deployment(), pod({"waiting": CAN_NOT_START})],
            'the container web of the pod oims-app-1 cannot be made: couldn\'t find key "url".',
            "describe pod oims-app-1",
        ),
        (
            [deployment(), pod({"waiting": PULL})],
            "the node does not get the image oims-app:1 of the pod oims-app-1: Back-off pulling image.",
            "describe pod oims-app-1",
        ),
        (
            [
                deployment(from_claim()), claim("Pending"), pod(),
                event("PersistentVolumeClaim", "oims-app", 'storageclass "fast" not found'),
            ],
            'the volume claim oims-app has no volume: storageclass "fast" not found.',
            "kubectl get storageclasses",
        ),
        (
            [deployment(from_claim()), pod()],
            "the volume claim oims-app is not in the namespace shop.",
            "get persistentvolumeclaims",
        ),
        (
            [
                deployment(),
                pod(conditions=[{"type": "PodScheduled", "status": "False", "message": NO_NODE}]),
            ],
            "no node takes the pod oims-app-1: 0/1 nodes are available: 1 Insufficient cpu.",
            "describe pod oims-app-1",
        ),
        (
            [deployment(), event("ReplicaSet", "oims-app-5d", QUOTA)],
            f"oims-app has no pod: {QUOTA}. Raise the quota of the namespace",
            "describe resourcequota",
        ),
        (
            [deployment(), pod(last={"terminated": {"exitCode": 2, "reason": "Error"}})],
            "ends with status 2 (Error): OIMS_BASE_URL: must start with https://.",
            "logs oims-app-1 --container web --previous",
        ),
        (
            [deployment(), pod(), event("Pod", "oims-app-1", "MountVolume.SetUp failed for volume ca")],
            "a volume of the pod oims-app-1 cannot be mounted: MountVolume.SetUp failed for volume ca.",
            "describe pod oims-app-1",
        ),
        (
            [deployment(), pod({"running": {}})],
            "oims-app has 1 pod that starts and is not ready yet.",
            "get pods --selector app.kubernetes.io/component=app --watch",
        ),
    ],
    ids=["secret", "config", "image", "claim", "no claim", "node", "quota", "crash", "mount", "starting"],
)  # fmt: skip
def test_what_keeps_a_part_from_running_is_said_with_what_to_do(look, objects, sentence, command):
    status, said = look(*objects)
    assert status == 1
    assert sentence in said
    (todo,) = [line for line in said.splitlines() if "To do: " in line]
    assert command in todo
    assert said.splitlines()[-1] == "Not well: oims-app"


def test_a_key_that_a_secret_lacks_is_named_and_no_value_is_shown(look):
    secret = {"metadata": {"name": "app-keys"}, "data": {"secret-key": "c2VjcmV0"}}
    volume = secret_volume("secret-key", "admin-password")
    status, said = look(deployment(volume, ready=1), pod({"running": {}}), secrets=[secret])
    assert (status, "the Secret app-keys lacks the key admin-password." in said) == (1, True)
    assert "c2VjcmV0" not in said


def test_a_secret_behind_many_others_is_seen(look):
    others = [{"metadata": {"name": f"sh.helm.release.v1.other.v{number}"}} for number in range(1200)]
    secret = {"metadata": {"name": "app-keys"}, "data": {"secret-key": "c2VjcmV0"}}
    volume = secret_volume("secret-key")
    status, said = look(deployment(volume, ready=1), pod({"running": {}}), secrets=[*others, secret])
    assert (status, "not in the namespace" in said) == (0, False)


def test_a_release_that_runs_is_well(look):
    status, said = look(deployment(ready=1), pod({"running": {}}))
    assert status == 0
    assert said.splitlines() == [
        "ok      oims-app             1 of 1 pods are ready",
        "Every part of oims is ready.",
    ]
    status, said = look(deployment(ready=1), options=["--json"])
    assert json.loads(said)["ok"] is True


def test_secrets_that_may_not_be_seen_are_said_to_be_unchecked(look):
    status, said = look(deployment(secret_volume("a"), ready=1), refused={"Secret"})
    assert (status, "Secrets are not checked" in said) == (0, True)


@pytest.mark.parametrize(
    ("refused", "status", "sentence"),
    [
        ((), 1, "there is no release oims in the namespace shop"),
        (("Pod",), 4, "the cluster does not let this account look at the namespace shop (403)"),
    ],
)
def test_a_cluster_that_does_not_tell_is_a_sentence(look, refused, status, sentence):
    objects = [deployment()] if refused else []
    code, said = look(*objects, refused=refused)
    assert (code, sentence in said) == (status, True)


def test_a_message_from_the_cluster_cannot_steer_the_terminal(look):
    hostile = {"reason": "ErrImagePull", "message": "\x1b[2Jgone\nok      oims-app"}
    _, said = look(deployment(), pod({"waiting": hostile}))
    assert "\x1b" not in said
    assert not [line for line in said.splitlines() if line.startswith("ok")]
