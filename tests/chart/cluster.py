"""A Kubernetes API with nothing in it but the Secrets it is given: enough for Helm's ``lookup``."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import CHART, KUBE_VERSION, NAMESPACE, StrictLoader, documents, run_helm


def discovery() -> dict[str, Any]:
    """Return the answers by which a client learns that the chart's kinds exist."""
    major, minor, _ = KUBE_VERSION.split(".")
    kinds: dict[str, set[str]] = {}
    for item in (*documents("default"), *documents("postgres-bundled"), *documents("httproute")):
        kinds.setdefault(item["apiVersion"], set()).add(item["kind"])
    groups = [
        {
            "name": version.split("/")[0],
            "versions": [{"groupVersion": version, "version": version.split("/")[1]}],
        }
        for version in kinds
        if "/" in version
    ]
    answers: dict[str, Any] = {
        "/version": {"major": major, "minor": minor, "gitVersion": f"v{KUBE_VERSION}"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
    }
    for version, names in kinds.items():
        resources = [
            {
                "name": re.sub("ys$", "ies", f"{kind.lower()}s"),
                "namespaced": True,
                "kind": kind,
                "verbs": ["get"],
            }
            for kind in sorted(names)
        ]
        path = f"/apis/{version}" if "/" in version else f"/api/{version}"
        answers[path] = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
    return answers


@contextmanager
def cluster_with(secrets: dict[str, dict[str, str]], folder: Path) -> Iterator[Path]:
    """Serve these Secrets (name to plain data) on a free port; yields the kubeconfig's path."""

    answers = discovery()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            answer = answers.get(path)
            name = path.removeprefix(f"/api/v1/namespaces/{NAMESPACE}/secrets/")
            if name in secrets:
                data = {
                    key: base64.b64encode(value.encode()).decode() for key, value in secrets[name].items()
                }
                owned = {
                    "name": name,
                    "namespace": NAMESPACE,
                    "labels": {"app.kubernetes.io/managed-by": "Helm"},
                    "annotations": {
                        "meta.helm.sh/release-name": "oims",
                        "meta.helm.sh/release-namespace": NAMESPACE,
                    },
                }
                answer = {"kind": "Secret", "apiVersion": "v1", "metadata": owned, "data": data}
            missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
            missing |= {"reason": "NotFound", "code": 404}
            body = json.dumps(answer or missing).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "fake",
                    "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
                    "clusters": [
                        {"name": "fake", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
                    ],
                    "users": [{"name": "fake", "user": {}}],
                }
            )
        )
        try:
            yield kubeconfig
        finally:
            server.shutdown()
            thread.join()


def rendered(kubeconfig: Path, *sets: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Render against that cluster; return the objects by kind and name."""
    options = [part for value in sets for part in ("--set", value)]
    done = run_helm(
        "template", "oims", str(CHART), f"--namespace={NAMESPACE}",
        "--dry-run=server", "--disable-openapi-validation", *options,
        env={"KUBECONFIG": str(kubeconfig)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    objects = [item for item in yaml.load_all(done.stdout, StrictLoader) if item]
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}


def rendered_secrets(kubeconfig: Path, *sets: str) -> dict[str, dict[str, str]]:
    """Render against that cluster; return the Secrets' plain data by name."""
    return {
        name: {key: base64.b64decode(value).decode() for key, value in item["data"].items()}
        for (kind, name), item in rendered(kubeconfig, *sets).items()
        if kind == "Secret"
    }
