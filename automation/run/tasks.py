"""What a playbook's tasks came to, as the callback writes it while they run."""

import json
from collections import Counter, deque
from pathlib import Path
from typing import Any

from automation.fit import select
from automation.run.output import clean
from contract import limits
from contract.runs import BAD, TaskStatus

CHUNK = 1024 * 1024
LONGEST_LINE = 64 * 1024
"""Bytes of a line; the callback writes shorter ones, and what is longer is none of its."""


class Tasks:
    """Reads the callback's file as it grows; keeps the first, the last and the failed results."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._rest = path, 0, b""
        self._first: list[dict[str, Any]] = []
        self._bad: deque[dict[str, Any]] = deque(maxlen=limits.TASKS)
        self._last: deque[dict[str, Any]] = deque(maxlen=limits.TASKS)
        self._begun: dict[tuple[str, str], None] = {}
        self._total = 0
        self.counts: Counter[str] = Counter()
        self.unmatched: str | None = None
        """The hosts of a play for which there were none."""
        self.has_acted = False
        """Whether a task was run that is not a mere look at the hosts."""

    @property
    def unfinished(self) -> list[tuple[str, str]]:
        """The host and name of each task that began and did not end."""
        return list(self._begun)

    def read(self) -> bool:
        """Read what is new (a half-written last line is left); say whether there was anything."""
        total = self._total
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                while chunk := file.read(CHUNK):
                    self._offset += len(chunk)
                    *lines, rest = (self._rest + chunk).split(b"\n")
                    self._rest = rest[: LONGEST_LINE + 1]
                    for line in lines:
                        self._note(line)
        except OSError:
            return False
        return self._total > total

    def end(self) -> None:
        """Count what has begun and not ended as unfinished: the playbook was ended."""
        for host, name in self._begun:
            self._keep({"host": host, "name": name, "status": TaskStatus.UNFINISHED, "duration_s": None})

    def document(self) -> dict[str, Any]:
        """Return what a run's report says of its tasks."""
        known = {task["number"]: task for task in (*self._first, *self._bad, *self._last)}
        kept = [known[number] for number in sorted(known)]
        return {"tasks": select(kept, limits.TASKS), "task_counts": dict(self.counts)}

    def _note(self, line: bytes) -> None:
        try:
            said = json.loads(line) if len(line) <= LONGEST_LINE else {}
        except (ValueError, RecursionError):
            return
        match said:
            case {"begun": str(name), "host": str(host)}:
                self._begun[clean(host), clean(name)] = None
            case {"unmatched": str(hosts)}:
                self.unmatched = clean(hosts)
            case {"rescued": int(count), "host": str(host)}:
                self._rescue(clean(host), count)
            case {"name": str(name), "host": str(host), "status": str(), "message": str(message)}:
                task = {**said, "name": clean(name), "host": clean(host), "message": clean(message)}
                self.has_acted |= task["status"] != TaskStatus.SKIPPED and not task.pop("is_look", False)
                self._begun.pop((task["host"], task["name"]), None)
                self._keep(task)

    def _keep(self, task: dict[str, Any]) -> None:
        self._total += 1
        task["number"] = self._total
        self.counts[task["status"]] += 1
        if len(self._first) < limits.TASKS:
            self._first.append(task)
        else:
            self._last.append(task)
        if task["status"] in BAD:
            self._bad.append(task)

    def _rescue(self, host: str, count: int) -> None:
        """Note that so many failures of a host were rescued: those before its last, which ended its play."""
        failed = [task for task in self._bad if task["host"] == host and task["status"] == TaskStatus.FAILED]
        for task in failed[:count]:
            task["status"] = TaskStatus.RESCUED
        self.counts.subtract({TaskStatus.FAILED: len(failed[:count])})
        self.counts.update({TaskStatus.RESCUED: len(failed[:count])})
        self.counts = +self.counts
