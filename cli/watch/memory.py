"""What a watcher remembers: whether OIMS is silent, since when, and who has been told. A file keeps it."""

import json
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

MAX_REASON = 2000
MAX_FILE = 64 * 1024


class Phase(StrEnum):
    """How the watch stands."""

    HEARD = "heard"
    SILENT = "silent"
    OVER = "over"
    """The outage has ended, and not everyone who was notified of it has been notified of its end."""


ALLOWED = {
    Phase.HEARD: {Phase.HEARD, Phase.SILENT},
    Phase.SILENT: {Phase.SILENT, Phase.HEARD, Phase.OVER},
    Phase.OVER: {Phase.OVER, Phase.HEARD, Phase.SILENT},
}


@dataclass(frozen=True)
class Memory:
    """One outage, or none; ``told`` names the ways by which it was told and its end was not."""

    phase: Phase = Phase.HEARD
    since: datetime | None = None
    ended: datetime | None = None
    reason: str = ""
    told: tuple[str, ...] = ()

    def heard(self, at: datetime) -> "Memory":
        """Return what is known after a look that went well."""
        if self.phase is not Phase.SILENT:
            return self
        return self._become(Phase.OVER, ended=at) if self.told else Memory()

    def missed(self, at: datetime, reason: str) -> "Memory":
        """Return what is known after a look that went wrong; a clock set back begins the outage anew."""
        since = at if self.phase is Phase.HEARD or self.since is None else min(self.since, at)
        return self._become(Phase.SILENT, since=since, ended=None, reason=reason[:MAX_REASON])

    def due(self, at: datetime, after: timedelta, ways: Collection[str]) -> list[str]:
        """Return the ways by which something is to be told now."""
        if self.phase is Phase.SILENT and self.since is not None and at - self.since >= after:
            return [way for way in ways if way not in self.told]
        return [way for way in ways if way in self.told] if self.phase is Phase.OVER else []

    def after_telling(self, way: str) -> "Memory":
        """Return what is known after something was told by one of the ways that were due."""
        if self.phase is Phase.SILENT:
            return replace(self, told=(*self.told, way))
        told = tuple(one for one in self.told if one != way)
        return replace(self, told=told) if told else self._become(Phase.HEARD)

    def by(self, ways: Collection[str]) -> "Memory":
        """Return what is known where only these ways are left; an end that nobody waits for is past."""
        told = tuple(way for way in self.told if way in ways)
        return replace(self, told=told) if told or self.phase is not Phase.OVER else Memory()

    def _become(self, phase: Phase, **changes: Any) -> "Memory":
        if phase not in ALLOWED[self.phase]:
            raise AssertionError(f"{self.phase} does not become {phase}")
        return Memory() if phase is Phase.HEARD else replace(self, phase=phase, **changes)


def load(path: Path, url: str) -> Memory:
    """Return what the file says of the address; nothing, where there is none or it cannot be read.

    Raises:
        ValueError: the file is damaged; the text says so.
        OSError: it cannot be opened.

    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE)
    except FileNotFoundError:
        return Memory()
    try:
        kept = json.loads(content)
        if kept["url"] != url:
            return Memory()
        return Memory(
            Phase(kept["phase"]),
            _moment(kept["since"]),
            _moment(kept["ended"]),
            str(kept["reason"])[:MAX_REASON],
            tuple(str(way) for way in kept["told"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise ValueError(f"{path} is damaged; the watch begins anew") from None


def save(path: Path, url: str, memory: Memory) -> None:
    """Write the file so that a crash leaves the old one or the new one.

    Raises:
        OSError: it cannot be written.

    """
    kept = {
        "url": url,
        "phase": memory.phase,
        "since": memory.since and memory.since.isoformat(),
        "ended": memory.ended and memory.ended.isoformat(),
        "reason": memory.reason,
        "told": memory.told,
    }
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
