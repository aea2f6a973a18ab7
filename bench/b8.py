"""B8: one short playbook by `ansible-playbook` and by `ansible-runner`, in turn, from the call to its end.

`ansible-runner` is no dependency: install it beside first, for instance into a folder on PYTHONPATH.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAMPLES = int(os.environ.get("SAMPLES", "7"))
PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: done}
"""
RUNNER = """\
import sys, ansible_runner
done = ansible_runner.run(private_data_dir=sys.argv[1], playbook=sys.argv[2], quiet=True)
sys.exit(done.rc)
"""


def seconds(command: list[str]) -> float:
    """Run a command and return how long it took."""
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def main() -> int:
    """Print the medians; exit status 1 when ansible-runner is faster than what automation uses."""
    took: dict[str, list[float]] = {"ansible-playbook": [], "ansible-runner": []}
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder) / "playbook.yml"
        playbook.write_text(PLAYBOOK)
        direct = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(playbook)]
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        runner = [sys.executable, "-c", RUNNER, folder, str(playbook)]
        for _ in range(SAMPLES):
            took["ansible-playbook"].append(seconds(direct))
            took["ansible-runner"].append(seconds(runner))
    print(f"{SAMPLES} samples, alternating.\n\n| started by | s (median, range) |\n|---|---|")
    for name, times in took.items():
        print(f"| {name} | {statistics.median(times):.2f} ({min(times):.2f}-{max(times):.2f}) |")
    return int(statistics.median(took["ansible-runner"]) < statistics.median(took["ansible-playbook"]))


if __name__ == "__main__":
    sys.exit(main())
