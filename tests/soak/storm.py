"""Killing the parts of an installation, again and again, while it works."""

import random
import threading

from tests.automation.installation import PARTS, Installation


class Storm:
    """Kills parts the hard way and starts them again, from a seed: one at random, or all at once."""

    def __init__(
        self, installation: Installation, *, seed: int, every_seconds: float, is_all_at_once: bool = False
    ):
        self._installation = installation
        self._random = random.Random(seed)  # noqa: S311 - a repeatable choice
        self._every, self._is_all = every_seconds, is_all_at_once
        self._stop = threading.Event()
        self.kills = dict.fromkeys(PARTS, 0)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Let it go on for so long, then end it; say whether it went on to its end."""
        self._thread.join(seconds)
        is_alive = self._thread.is_alive()
        self.stop()
        return is_alive

    def stop(self) -> None:
        """End it; every part runs afterwards."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every * (1 if self._is_all else self._random.uniform(0.5, 1.5))):
            for part in PARTS if self._is_all else [self._random.choice([*PARTS])]:
                self._installation.kill(part)
                self._installation.start(part, is_awaited=False)
                self.kills[part] += 1
