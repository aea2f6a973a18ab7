"""A step of the scenario, and waiting until it is seen."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from demo.errors import DemoError
from demo.terminal import Terminal

PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Step:
    """Something that has to be seen from outside.

    Attributes:
        name: what is waited for, in the words of the summary.
        seconds: how long it may take.
        log: the log to read when it is missing, without ``.log``.
        look: returns a sentence once it is seen, nothing before; raises ``Refuted`` when it cannot come.
        colour: of the sentence, one of ``terminal.COLOURS``.

    """

    name: str
    seconds: float
    log: str
    look: Callable[[], str | None]
    colour: str = ""


class Refuted(Exception):
    """What was seen excludes the step; the message says what that was."""


class StepMissing(DemoError):
    """A step was not seen within its time."""

    def __init__(self, step: Step, reason: str, folder: str) -> None:
        super().__init__(f"Missing: {step.name}. {reason} Read {folder}/{step.log}.log, then try again.")
        self.step = step


def wait_for(step: Step, terminal: Terminal, *, patience: float, log_folder: str) -> float:
    """Wait until a step is seen and say so.

    Args:
        step: what to wait for.
        terminal: where it is said.
        patience: factor for the step's time.
        log_folder: where the logs are, for the message.

    Returns:
        The seconds since the terminal's clock was started.

    Raises:
        StepMissing: it was not seen in time, or something was seen that excludes it.

    """
    limit = step.seconds * patience
    deadline = time.monotonic() + limit
    trouble = ""
    while True:
        try:
            if sentence := step.look():
                terminal.say(sentence, step.colour)
                return terminal.elapsed
            trouble = ""
        except Refuted as refuted:
            raise StepMissing(step, str(refuted), log_folder) from None
        except requests.HTTPError as error:
            trouble = f" The last answer was {error.response.status_code} from {error.response.url}."
        except requests.RequestException as error:
            trouble = f" The last try found no answer ({type(error).__name__})."
        if time.monotonic() >= deadline:
            raise StepMissing(step, f"Waited {limit:.0f} s.{trouble}", log_folder)
        time.sleep(PAUSE_SECONDS)
