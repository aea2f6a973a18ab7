"""Two clocks: wall time for people, steady time for cooldowns and budgets.

Wall time may step. Steady time only runs forward: within one boot it follows CLOCK_BOOTTIME (which also
counts sleep), and across boots it adds the wall time that passed, never less than nothing.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def iso(moment: datetime) -> str:
    """Write a time as RFC 3339, UTC, milliseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time. Raises ValueError when it is none or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    return moment.astimezone(UTC)


class Clock(Protocol):
    """What the rest of the package needs to know about time."""

    def wall(self) -> datetime:
        """Return the time of day, UTC."""

    def steady(self) -> float:
        """Return seconds that only grow, also across restarts."""


@dataclass(frozen=True)
class Anchor:
    """One moment in all clocks; stored in the ledger so that steady time survives a restart."""

    boot: str
    boot_seconds: float
    steady: float
    wall: float


class SystemClock:
    """The clocks of this machine, continued from the last stored anchor."""

    def __init__(self, last: Anchor | None, *, at_least: float = 0.0) -> None:
        boot, seconds, wall = _boot_id(), _boot_seconds(), time.time()
        if last is None:
            steady = 0.0
        elif last.boot == boot:
            steady = last.steady + max(0.0, seconds - last.boot_seconds)
        else:
            steady = last.steady + max(0.0, wall - last.wall)
        self._start = Anchor(boot, seconds, max(steady, at_least), wall)

    def wall(self) -> datetime:
        """Return the time of day, UTC."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Return seconds that only grow, also across restarts."""
        return self._start.steady + _boot_seconds() - self._start.boot_seconds

    def anchor(self) -> Anchor:
        """Return this moment in all clocks."""
        return Anchor(self._start.boot, _boot_seconds(), self.steady(), time.time())


def at(clock: Clock, steady: float) -> datetime:
    """Return the wall time that the clock would show at a steady time."""
    return clock.wall() + timedelta(seconds=steady - clock.steady())


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def _boot_seconds() -> float:
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
