"""How a test waits for what real processes do."""

import time
from collections.abc import Callable


def until[Result](look: Callable[[], Result], seconds: float = 15) -> Result:
    """Return the first true answer of ``look``; fail after ``seconds``."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(pause)
        pause = min(1.5 * pause, 0.1)  # to ask all the time would slow down who is asked
    raise AssertionError(f"not seen within {seconds} s: {look}")
