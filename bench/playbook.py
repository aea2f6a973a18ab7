"""One short playbook by `ansible-playbook` and by `ansible-runner`: seconds of processor and clock.

`ansible-runner` is no dependency: install it beside first, for instance into a folder on PYTHONPATH.
"""

import os
import resource
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


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command and return the seconds of processor and clock that it took."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, time.monotonic() - began


def main() -> int:
    """Print the medians; exit status 1 when ansible-runner needs less than what automation uses."""
    took: dict[str, list[tuple[float, float]]] = {"ansible-playbook": [], "ansible-runner": []}
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder) / "playbook.yml"
        playbook.write_text(PLAYBOOK)
        direct = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", str(playbook)]
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        runner = [sys.executable, "-c", RUNNER, folder, str(playbook)]
        for _ in range(SAMPLES):
            took["ansible-playbook"].append(seconds(direct))
            took["ansible-runner"].append(seconds(runner))
    print(f"{SAMPLES} samples, alternating.\n")
    print("| started by | processor s (median, range) | clock s (median) |\n|---|---|---|")
    medians = {}
    for name, samples in took.items():
        used, clock = zip(*samples, strict=True)
        medians[name] = statistics.median(used)
        spread = f"{min(used):.2f}-{max(used):.2f}"
        print(f"| {name} | {medians[name]:.2f} ({spread}) | {statistics.median(clock):.2f} |")
    return int(medians["ansible-runner"] < medians["ansible-playbook"])


if __name__ == "__main__":
    sys.exit(main())
