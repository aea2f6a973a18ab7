"""A Kubernetes API with nothing in it but the Secrets it is given: enough for Helm's ``lookup``."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.chart.rendering import CHART, KUBE_VERSION, NAMESPACE, StrictLoader, run_helm

MAJOR, MINOR, _ = KUBE_VERSION.split(".")
ANSWERS: dict[str, Any] = {
    "/version": {"major": MAJOR, "minor": MINOR, "gitVersion": f"v{KUBE_VERSION}"},
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [{"name": "secrets", "namespaced": True, "kind": "Secret", "verbs": ["get", "list"]}],
    },
}


@contextmanager
def cluster_with(secrets: dict[str, dict[str, str]], folder: Path) -> Iterator[Path]:
    """Serve these Secrets (name to plain data) on a free port; yields the kubeconfig's path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            answer = ANSWERS.get(path)
            name = path.removeprefix(f"/api/v1/namespaces/{NAMESPACE}/secrets/")
            if name in secrets:
                data = {
                    key: base64.b64encode(value.encode()).decode() for key, value in secrets[name].items()
                }
                answer = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": name}, "data": data}
            status = {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "reason": "NotFound",
                "code": 404,
            }
            body = json.dumps(answer or status).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
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


def rendered_secrets(kubeconfig: Path, *sets: str) -> dict[str, dict[str, str]]:
    """Render against that cluster; return the Secrets' plain data by name."""
    options = [part for value in sets for part in ("--set", value)]
    done = run_helm(
        "template", "oims", str(CHART), f"--namespace={NAMESPACE}", "--dry-run=server", "--disable-openapi-validation", *options,
        env={"KUBECONFIG": str(kubeconfig)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {
        item["metadata"]["name"]: {
            key: base64.b64decode(value).decode() for key, value in item["data"].items()
        }
        for item in yaml.load_all(done.stdout, StrictLoader)
        if item and item["kind"] == "Secret"
    }
