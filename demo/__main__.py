"""``python -m demo``.

Exit status: 0 if every step was seen, 1 if not, 2 for a wrong option, 128 + the signal's number when
stopped before that.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from demo import settings
from demo.errors import DemoError
from demo.run import Demo
from demo.terminal import Terminal

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody wants the demo to end. No ``Exception``: nothing on the way may take it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def main() -> int:
    """Run the demo and return the exit status."""
    chosen = settings.read(sys.argv[1:])
    terminal = Terminal()
    os.environ["no_proxy"] = settings.HOST  # all that is asked is on this machine
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    demo = Demo(chosen, terminal)
    try:
        if chosen.clean:
            demo.clean()
        else:
            demo.run()
    except DemoError as error:
        terminal.say(str(error), "bad")
        return 1
    except Stopped as stopped:
        terminal.say("Stopped; no process of the demo is left")
        return 0 if demo.is_complete else 128 + stopped.number
    return 0


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """Unwind once; a second Ctrl-C must not leave processes behind."""
    for every in STOP_SIGNALS:
        signal.signal(every, signal.SIG_IGN)
    raise Stopped(number)


if __name__ == "__main__":
    os.umask(0o077)  # its state has secrets and databases
    sys.exit(main())
