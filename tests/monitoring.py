"""Real Prometheus and Alertmanager, as `make tools` has built them."""

import json
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlencode

from tests.app.server import ROOT
from tests.processes import free_port


def ask(address, body=None):
    """Return what a server answers, or nothing while it doesn't."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310 - http
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - http
            return answer.read().decode()
    except OSError:
        return None


@contextmanager
def running(program, is_ready, *options):
    """Run a program that `make tools` has built until the block ends; enter it when it is ready."""
    command = [ROOT / ".tools/bin" / program, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not is_ready():
                assert time.monotonic() < deadline, f"{program} is not ready"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


@contextmanager
def prometheus_in(folder):
    """Run a Prometheus that scrapes itself and knows the alert ShopErrors; enter with its address."""
    (folder / "rules.yml").write_text(
        "groups: [{name: all, rules: [{alert: ShopErrors, expr: prometheus_ready > 0.5}]}]\n"
    )
    port = free_port()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: itself, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    url = f"http://127.0.0.1:{port}"
    options = (
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running("prometheus", lambda: samples(url) > 2, *options):
        yield url


def samples(url):
    query = urlencode({"query": "count_over_time(prometheus_ready[1m])"})
    answer = json.loads(ask(f"{url}/api/v1/query?{query}") or '{"data": {"result": []}}')
    return max((int(row["value"][1]) for row in answer["data"]["result"]), default=0)
