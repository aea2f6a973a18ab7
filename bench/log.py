"""Lines of the webhook's log a second, through the monitor's relay and through one streaming `jq`, in turn.

It needs `jq` on PATH.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = int(os.environ.get("SAMPLES", "7"))
LINES = int(os.environ.get("LINES", "20000"))
TARGET = 20_000
# As the monitor does: a pipe, a lock on 7, automation's pipe on 8.
RELAY = """
cat "$LOG" >"$FOLDER/pipe" &
exec 7>"$FOLDER/turn" 8>"$FOLDER/passed"
exec "$PYTHON" -m automation.follow.relay "$FOLDER/pipe" 9 $$
"""
COMMANDS = {
    "the monitor's relay": RELAY,
    "jq, streaming": 'jq -c \'select(.kind == "alert") | [.seq, .status]\' <"$LOG" >"$FOLDER/passed"',
}


def write_log(path: Path) -> None:
    """Write alerts as the webhook does."""
    labels = {"alertname": "PodDown", "severity": "critical", "namespace": "shop", "pod": "web-0"}
    words = {"summary": "One of its pods is down", "description": "It has been down for five minutes."}
    alert = {"kind": "alert", "status": "firing", "labels": labels, "annotations": words, "sig": "0" * 64}
    with path.open("w") as log:
        log.writelines(json.dumps(alert | {"seq": seq}) + "\n" for seq in range(LINES))


def rate(command: str, log: Path, folder: Path) -> float:
    """Run a command over the log; return the lines a second, its start included."""
    environment = os.environ | {"LOG": str(log), "FOLDER": str(folder), "PYTHON": sys.executable}
    began = time.monotonic()
    subprocess.run(["bash", "-c", command], env=environment, check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    with (folder / "passed").open("rb") as passed:
        assert sum(1 for _ in passed) == LINES, "lines are missing"
    return LINES / took


def main() -> int:
    """Print the medians and their ratio; exit status 1 when the relay is slower than the target."""
    rates: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_log(folder / "log")
        os.mkfifo(folder / "pipe")
        for _ in range(SAMPLES):
            for way, command in COMMANDS.items():
                rates[way].append(rate(command, folder / "log", folder))
    print(f"{SAMPLES} samples of {LINES:,} lines, alternating.\n")
    print("| through | lines/s (median, range) | ratio (median, range) |\n|---|---|---|")
    relayed, peer = rates.values()
    ratios = [ours / theirs for ours, theirs in zip(relayed, peer, strict=True)]
    for way, measured in rates.items():
        compared = (
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"
            if measured is relayed
            else "1"
        )
        spread = f"{min(measured):,.0f}-{max(measured):,.0f}"
        print(f"| {way} | {statistics.median(measured):,.0f} ({spread}) | {compared} |")
    return int(statistics.median(relayed) < TARGET)


if __name__ == "__main__":
    sys.exit(main())
