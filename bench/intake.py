"""A POST of one alert to its durable answer, against the floor, one after the other in the same run."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

TOKEN = "token-of-the-benchmark"  # noqa: S105 - it opens nothing but the servers started here
TARGETS = {1: 0.95, 8: 1.5}
SAMPLES = int(os.environ.get("SAMPLES", "7"))
SECONDS = float(os.environ.get("SECONDS_PER_SAMPLE", "4"))


def free_port() -> int:
    """Find a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(command: list[str], port: int, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Run a server until the end of the block."""
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        process = subprocess.Popen(command, env=os.environ | environment, stdout=out, stderr=err)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def sample(name: str, clients: int) -> tuple[float, float, float]:
    """Measure a fresh server: requests per second, median and 99th percentile in milliseconds."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, port = Path(temporary), free_port()
        database = folder / "journal.db"
        bind = f"127.0.0.1:{port}"
        if name == "webhook":
            command = [sys.executable, "-m", "webhook"]
            query = "SELECT fingerprint FROM journal_events"
        else:
            command = [sys.executable, "-m", "bench.floor", bind, str(database)]
            query = "SELECT fingerprint FROM alerts"
        environment = {
            "OIMS_WEBHOOK_BIND": bind,
            "OIMS_WEBHOOK_METRICS_BIND": "127.0.0.1:0",
            "OIMS_WEBHOOK_TOKEN": TOKEN,
            "OIMS_WEBHOOK_READER_TOKEN": TOKEN[::-1],
            "OIMS_EVENT_KEY": "key-of-the-benchmark",
            "OIMS_WEBHOOK_JOURNAL": str(database),
        }
        load = [sys.executable, "-m", "bench.load", str(port), TOKEN, str(clients)]
        with server(command, port, environment, folder):
            subprocess.run([*load, "0.5"], check=True, stdout=subprocess.PIPE)
            result = json.loads(
                subprocess.run([*load, str(SECONDS)], check=True, stdout=subprocess.PIPE).stdout
            )
        with contextlib.closing(sqlite3.connect(database)) as connection:
            stored = {row[0] for row in connection.execute(query)}
        missing = set(result["acknowledged"]) - stored
        assert not missing, f"{name}: {len(missing)} acknowledged alerts are not on disk"
    times = sorted(result["times"])
    return len(times) / result["seconds"], statistics.median(times) * 1e3, times[int(len(times) * 0.99)] * 1e3


def main() -> int:
    """Exit status 1 when a target is missed."""
    is_met = True
    print(
        f"{SAMPLES} samples of {SECONDS:g} s each, alternating; every acknowledged alert was found on disk.\n"
    )
    print(
        "| clients | server | requests/s (median, range) | p50 ms | p99 ms | ratio (median, range) | target |"
    )
    print("|---|---|---|---|---|---|---|")
    for clients, target in TARGETS.items():
        results: dict[str, list[tuple[float, float, float]]] = {"floor": [], "webhook": []}
        for _ in range(SAMPLES):
            for name, rows in results.items():
                rows.append(sample(name, clients))
        ratios = [
            ours[0] / floor[0] for ours, floor in zip(results["webhook"], results["floor"], strict=True)
        ]
        ratio = statistics.median(ratios)
        is_met &= ratio >= target
        for name, rows in results.items():
            rates, p50, p99 = zip(*rows, strict=True)
            tail = (
                f"{ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f}) | {target}"
                if name == "webhook"
                else "1 | "
            )
            print(
                f"| {clients} | {name} | {statistics.median(rates):.0f} ({min(rates):.0f}-{max(rates):.0f}) "
                f"| {statistics.median(p50):.2f} | {statistics.median(p99):.2f} | {tail} |",
                flush=True,
            )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
