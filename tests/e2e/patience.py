"""How long the tests wait, and what they ask again: a slow machine is no fault of what is tested.

E2E_PATIENCE multiplies every deadline of these tests: they are ceilings of patience, not of speed.
"""

import os
import re
import time

import requests

TIMES = 3
PAUSE_SECONDS = 1
DROPPED = re.compile(
    r"connection re(fused|set)|connection lost|lost connection|unexpected EOF|: EOF$|broken pipe"
    r"|TLS handshake timeout|i/o timeout|error dialing backend|error sending request",
    re.MULTILINE,
)


class Refused(Exception):
    """A program ended with another status than 0; the message is what it wrote."""


class Dropped(Refused):
    """It ended because a connection was dropped on the way."""


def refusal(command, words):
    """Return what to raise for a program that failed with these words."""
    kind = Dropped if DROPPED.search(words) else Refused
    return kind(f"{' '.join(str(word) for word in command[:6])}: {words}")


def patient(seconds):
    """Return a deadline in seconds, as long as this machine needs."""
    factor = float(os.environ.get("E2E_PATIENCE") or 1)
    assert factor >= 1, f"E2E_PATIENCE is {factor:g}: it lengthens deadlines, so set 1 or more"
    return seconds * factor


def patient_text(seconds):
    """Return the same as kubectl, Helm and the policy write it."""
    return f"{patient(seconds):.0f}s"


def again(ask):
    """Return what `ask` returns; a dropped connection is tried again. Only for what may happen twice."""
    for left in reversed(range(TIMES)):
        try:
            return ask()
        except (Dropped, requests.ConnectionError):
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable")
