"""One short playbook, started afresh, from the warm parent and by `ansible-runner`: processor and clock.

`ansible-runner` is no dependency: install it beside first, for instance into a folder on PYTHONPATH.
"""

import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from automation.run import process
from automation.run.warm import Warm
from automation.run.warm_parent import NO_RUN

SAMPLES = int(os.environ.get("SAMPLES", "7"))
TARGET = 0.7
"""Of the processor time of a fresh start, at most."""
PLAYBOOK = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.raw: "true"
"""
RUNNER = """\
import sys, ansible_runner
done = ansible_runner.run(private_data_dir=sys.argv[1], playbook=sys.argv[2], quiet=True)
sys.exit(done.rc)
"""
FRESH, WARM, PEER = "ansible-playbook, fresh", "ansible-playbook, warm", "ansible-runner"
Start = Callable[[], None]


def used() -> float:
    """Return the processor seconds of our children and of the warm parent with its children."""
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = own.ru_utime + own.ru_stime
    for pid in process.find(NO_RUN):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if int(fields[1]) == os.getpid():
            seconds += sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return seconds


def seconds(start: Start) -> tuple[float, float]:
    """Run a playbook to its end and return the seconds of processor and clock that it took."""
    before, began = used(), time.monotonic()
    start()
    took = time.monotonic() - began
    return used() - before, took


def ways(folder: Path, warm: Warm) -> dict[str, Start]:
    """Return how the playbook is started, by name."""
    playbook = folder / "playbook.yml"
    playbook.write_text(PLAYBOOK)
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-i", "localhost,", str(playbook)]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", process.MARK: "bench"}

    def fresh() -> None:
        assert process.start(command, cwd=folder, env=env, output=folder / "output").wait() == 0

    def warmed() -> None:
        child = warm.start(command, cwd=folder, env=env, output=folder / "output")
        assert child.wait(60) == 0

    def runner() -> None:
        words = [sys.executable, "-c", RUNNER, str(folder), str(playbook)]
        path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(words, env=os.environ | path, check=True, stdout=subprocess.DEVNULL)

    peers = {PEER: runner} if importlib.util.find_spec("ansible_runner") else {}
    return {FRESH: fresh, WARM: warmed} | peers


def main() -> int:
    """Print the medians; exit status 1 when the warm start misses its target, or a peer needs less."""
    warm = Warm()
    with tempfile.TemporaryDirectory() as name:
        starts = ways(Path(name), warm)
        took: dict[str, list[tuple[float, float]]] = {way: [] for way in starts}
        for start in starts.values():
            start()
        for _ in range(SAMPLES):
            for way, start in starts.items():
                took[way].append(seconds(start))
    warm.end()
    print(f"{SAMPLES} samples, alternating.\n")
    print(
        "| started by | processor s (median, range) | clock s (median) | processor, ratio (median, range) |"
    )
    print("|---|---|---|---|")
    medians = {}
    for way, samples in took.items():
        cpu, clock = zip(*samples, strict=True)
        ratios = sorted(one / base for one, (base, _) in zip(cpu, took[FRESH], strict=True))
        medians[way] = statistics.median(ratios)
        spread, between = f"{min(cpu):.2f}-{max(cpu):.2f}", f"{ratios[0]:.2f}-{ratios[-1]:.2f}"
        print(
            f"| {way} | {statistics.median(cpu):.2f} ({spread}) | {statistics.median(clock):.2f} "
            f"| {medians[way]:.2f} ({between}) |"
        )
    if PEER not in took:
        print(f"\nNot measured: {PEER}, which is not installed.")
    return int(medians[WARM] > TARGET or medians.get(PEER, 1.0) < medians[WARM])


if __name__ == "__main__":
    sys.exit(main())
