"""Two clocks: wall time for people, steady time for cooldowns and budgets.

Wall time may step. Steady time only runs forward: within one boot it follows CLOCK_BOOTTIME (which also
counts sleep). Across boots it adds the wall time that passed, but never more than the machine has been up:
more than that is not proven, and a clock that was set an hour ahead would end every cooldown.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

HOUR = 3600.0
DAY = 86400.0
LEAST_STEP = 1.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


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
            steady = last.steady + min(max(0.0, wall - last.wall), seconds)
        self._start = Anchor(boot, seconds, max(steady, at_least), wall)
        self._told = last if last is not None and last.boot == boot else self._start

    def wall(self) -> datetime:
        """Return the time of day, UTC."""
        return datetime.now(UTC)

    def steady(self) -> float:
        """Return seconds that only grow, also across restarts."""
        return self._start.steady + _boot_seconds() - self._start.boot_seconds

    def step(self) -> float:
        """Return the seconds by which the time of day was set since this was last asked, or since the anchor.

        Minus: set back. What is less than a second is no step: a clock that is disciplined drifts as much.
        """
        now = self.anchor()
        step = (now.wall - self._told.wall) - (now.boot_seconds - self._told.boot_seconds)
        self._told = now
        return step if abs(step) >= LEAST_STEP else 0.0

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
