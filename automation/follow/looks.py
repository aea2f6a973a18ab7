"""When the alerts that wait are looked at again: when something changed, or when one of them may go on."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from automation.clock import Clock

ASK_AGAIN = 2.0
"""Seconds after which those outside are asked again who alone know when an alert may go on."""
LOOK_ANYWAY = 60.0
"""Seconds after which all are looked at, whatever is known: time of day and playbooks may have changed."""
SHARE_OF_NEWS, SHARE_OF_REST = 0.2, 0.01
"""How much of one processor the looks may take, with news and without."""


@dataclass(frozen=True)
class Waiting:
    """What the deferred alerts wait for."""

    until: float = inf
    """Steady time at which the first of them may go on by itself."""
    is_for_others: bool = False
    """Whether one waits for what only asking tells: a silence, a rollout, playbooks that a person sees."""

    def and_also(self, other: "Waiting") -> "Waiting":
        """Return what both wait for."""
        return Waiting(min(self.until, other.until), self.is_for_others or other.is_for_others)


class Looks:
    """Looks at all that waits when there is a reason to, and never for most of the time."""

    def __init__(self) -> None:
        self._state: object = None
        self._not_before = self._again_at = -inf

    def take(self, state: object, clock: Clock, decide: Callable[[], Waiting]) -> None:
        """Let ``decide`` look at all that waits if ``state`` is new or one of them may go on.

        The state is everything that decisions rest on and that can change at any time. News are looked at at
        once, unless the last look took long.
        """
        now = clock.steady()
        if now < self._not_before or (state == self._state and now < self._again_at):
            return
        began = time.thread_time()
        waiting = decide()
        cost, now = time.thread_time() - began, clock.steady()
        self._state, self._not_before = state, now + cost / SHARE_OF_NEWS
        pause = max(ASK_AGAIN if waiting.is_for_others else LOOK_ANYWAY, cost / SHARE_OF_REST)
        self._again_at = min(waiting.until, now + pause)
