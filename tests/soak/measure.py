"""Memory and descriptors of the parts over time, and whether they grow."""

import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.automation.installation import PARTS, Installation

WARM_UP = 0.4
"""The part of a series that is not judged: caches fill, pools open their connections."""
LEAST_SAMPLES = 3
ROOM_MIB, ROOM_DESCRIPTORS = 8.0, 8.0
"""What a part may have more at the end than at the beginning of what is judged, by the line through it."""


@dataclass
class Series:
    """Samples of one part."""

    at: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    def growth(self, values: list[float] | list[int]) -> float:
        """How much the line through the judged samples rises from its beginning to its end."""
        first = int(len(self.at) * WARM_UP)
        at, judged = self.at[first:], values[first:]
        if len(at) < LEAST_SAMPLES:
            return 0.0
        return statistics.linear_regression(at, judged).slope * (at[-1] - at[0])

    @property
    def is_flat(self) -> bool:
        """Say whether it is proved that nothing grows: by enough samples of a part that was there."""
        judged = self.mib[int(len(self.at) * WARM_UP) :]
        if len(judged) < LEAST_SAMPLES or not all(judged):
            return False
        return self.growth(self.mib) <= ROOM_MIB and self.growth(self.descriptors) <= ROOM_DESCRIPTORS


class Gauge:
    """Looks at the processes of each part from time to time. Nothing may be killed meanwhile."""

    def __init__(self, installation: Installation, every_seconds: float):
        self._installation, self._every = installation, every_seconds
        self._stop = threading.Event()
        self.series = {part: Series() for part in PARTS}
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            for part, series in self.series.items():
                pids = session(self._installation.pid(part))
                series.at.append(time.monotonic())
                series.mib.append(sum(map(memory, pids)))
                series.descriptors.append(sum(map(descriptors, pids)))


def session(leader: int) -> list[int]:
    """The processes of a part but for playbooks, which come and go: those whose session it leads."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[3]) == leader:
            found.append(int(stat.parent.name))
    return found


def memory(pid: int) -> float:
    """The proportional set size in MiB: what is shared counts once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
