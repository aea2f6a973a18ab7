"""A real Prometheus that remembers how the alert of a pictured incident came and went."""

import math
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.records.incidents import Incident

BIN = Path(__file__).parents[1] / ".tools" / "bin"
STEP = timedelta(seconds=15)
BEFORE, AFTER = timedelta(minutes=35), timedelta(minutes=15)
RISES = timedelta(minutes=2)
CALM, BAD, LIMIT = 0.012, 0.14, 0.05
READY_WITHIN_S = 60


@contextmanager
def remembering(incident: Incident, folder: Path) -> Iterator[str]:
    """Run Prometheus on what it would have measured around this incident; yield its address."""
    folder.mkdir()
    (folder / "rules.yml").write_text(
        "groups:\n  - name: shop\n    rules:\n"
        f"      - alert: {incident.alertname}\n        expr: {_metric(incident)} > {LIMIT}\n"
    )
    (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    (folder / "measured").write_text(_measured(incident))
    fill = [
        BIN / "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        folder / "measured",
        folder / "data",
    ]
    subprocess.run(fill, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - a program of ours
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = (
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    with subprocess.Popen([BIN / "prometheus", *options]) as process:  # noqa: S603 - a program of ours
        try:
            _wait_for(f"{url}/-/ready")
            yield url
        finally:
            process.terminate()


def _metric(incident: Incident) -> str:
    return f'error_ratio{{service="{incident.service}"}}'


def _measured(incident: Incident) -> str:
    """Return the course as OpenMetrics: calm, a rise before the alert fires, calm again before it ends."""
    ends_at = incident.resolved_at or incident.opened_at
    moment, lines = incident.opened_at - BEFORE, ["# TYPE error_ratio gauge"]
    while moment < ends_at + AFTER:
        is_bad = incident.opened_at - RISES < moment < ends_at - RISES
        value = (BAD if is_bad else CALM) * (1 + 0.2 * math.sin(moment.timestamp() / 37))
        lines.append(f"{_metric(incident)} {value:.4f} {moment.timestamp():.0f}")
        moment += STEP
    return "\n".join([*lines, "# EOF\n"])


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
