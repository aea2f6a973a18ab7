"""From objects to their workloads, by the real client and an API server that answers as a test says."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from automation.answers import NoAnswerError
from automation.ownership import Ownership
from automation.policy.match import NamedObject, Target
from automation.policy.targets import OwnerLabel
from automation.rollout import Rollouts

POD = NamedObject(OwnerLabel.POD, "shop", "api-1")
CLAIM = NamedObject(OwnerLabel.CLAIM, "shop", "data")
SCALER = NamedObject(OwnerLabel.AUTOSCALER, "shop", "api")
TARGET = {"kind": "Deployment", "namespace": "shop", "name": "api"}


def owner(kind, name, uid="1", version="apps/v1"):
    return {"kind": kind, "name": name, "uid": uid, "controller": True, "apiVersion": version}


def pod(*owners, claim=None):
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {"metadata": {"name": "x", "ownerReferences": list(owners)}, "spec": {"volumes": volumes}}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """An API server; what it answers is a body and a status for each path that begins so."""
    answers = {}

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            body, status = next(
                (answer for path, answer in answers.items() if self.path.startswith(path)), (b"{}", 404)
            )
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    config = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "clusters": [{"name": "one", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "one", "user": {}}],
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    monkeypatch.setattr("automation.cluster.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig")
    )
    yield answers
    server.shutdown()
    server.server_close()


ODD = {
    "a page": b"<html>log in</html>",
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "no metadata": b"{}",
    "no text": b"\xff\xfe{",
    "an owner without a kind": json.dumps(pod({"controller": True})).encode(),
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_an_answer_that_is_no_object_is_no_answer(cluster, body):
    cluster["/api/v1/namespaces/shop/pods/api-1"] = body, 200
    with pytest.raises(NoAnswerError) as caught:
        Ownership().find(POD)
    assert not caught.value.is_away


@pytest.mark.parametrize("body", [b"<html>", b"null", b"[]", b"{}", b'{"metadata": {"annotations": [1]}}'])
def test_a_workload_that_cannot_be_read_says_so(cluster, body):
    cluster["/apis/apps/v1/namespaces/shop/deployments/api"] = body, 200
    assert "cannot be read" in Rollouts().workload(TARGET).problem


def test_a_workload_that_is_not_there_is_missing(cluster):
    assert Rollouts().workload(TARGET).is_missing


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_refusal_is_about_one_object_alone(cluster, status):
    cluster["/api/v1/namespaces/shop/pods/api-1"] = {"kind": "Status"}, status
    with pytest.raises(NoAnswerError) as caught:
        Ownership().find(POD)
    assert not caught.value.is_away


@pytest.mark.parametrize(
    "reference",
    [
        owner("Deployment", "api", version="evil.example/v1"),
        owner("Job", "nightly", version="batch/v1"),
        owner("ReplicaSet", "api-7d", uid="of another"),
    ],
)
def test_a_reference_that_no_workload_of_kubernetes_made_leads_nowhere(cluster, reference):
    cluster["/api/v1/namespaces/shop/pods/api-1"] = pod(reference), 200
    replica = {"metadata": {"name": "api-7d", "uid": "1", "ownerReferences": [owner("Deployment", "api")]}}
    cluster["/apis/apps/v1/namespaces/shop/replicasets"] = {"items": [replica]}, 200
    assert Ownership().find(POD).target is None


def test_a_claim_belongs_to_the_one_workload_among_its_users(cluster):
    backup, database = owner("Job", "backup", version="batch/v1"), owner("StatefulSet", "db")
    users = [pod(backup, claim="data"), pod(database, claim="data"), pod(owner("StatefulSet", "other"))]
    cluster["/api/v1/namespaces/shop/pods"] = {"items": users}, 200
    assert Ownership().find(CLAIM).target == Target("StatefulSet", "shop", "db")

    users.append(pod(owner("StatefulSet", "copy"), claim="data"))
    cluster["/api/v1/namespaces/shop/pods"] = {"items": users}, 200
    assert "more than one workload" in Ownership().find(CLAIM).problem


def test_an_autoscaler_that_scales_something_else_leads_nowhere(cluster):
    path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
    scaled = {"kind": "Deployment", "name": "api", "apiVersion": "evil.example/v1"}
    cluster[path] = {"items": [{"spec": {"scaleTargetRef": scaled}}]}, 200
    assert Ownership().find(SCALER).target is None
