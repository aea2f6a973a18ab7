"""The processes that have loaded Ansible."""

import os
from pathlib import Path

from automation.run import process, warm_parent


def parents(owner=None):
    """Return the warm parents that a process has."""
    found = process.find(warm_parent.NO_RUN)
    stats = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in found}
    return [pid for pid, stat in stats.items() if int(stat[1]) == (owner or os.getpid())]
