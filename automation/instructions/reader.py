"""Hearing the app's instructions: a long poll, so that a pause arrives within a second.

The last ones are kept in the ledger: a pause holds while the app is away and over a restart.
"""

import threading
import time
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from automation.ledger.database import Ledger
from automation.report import App, AppError
from contract.instructions import Instructions

PATH = "/api/v1/automation/instructions"
META = "instructions"
WAIT = 20
SHORTEST_ROUND = 0.5
"""Seconds between two questions: an app with too many waiting answers at once."""
LONGEST_PAUSE = 5.0

log = structlog.get_logger()


def known(ledger: Ledger) -> Instructions:
    """Return the last instructions that were heard."""
    text = ledger.meta(META)
    return Instructions.model_validate_json(text) if text else Instructions()


class InstructionsReader:
    """Keeps the ledger's copy of the instructions fresh."""

    def __init__(self, app: App, ledger: Ledger, changed: Callable[[], None]) -> None:
        self._app, self._ledger, self._changed = app, ledger, changed
        self._failures = 0
        self.is_settled = False
        """Whether the app was asked since the start: nothing is decided before, it may be paused."""

    def run(self, stop: threading.Event) -> None:
        """Ask until told to stop."""
        while not stop.is_set():
            began = time.monotonic()
            wait = WAIT if self.is_settled and not self._failures else 0
            if self.read_once(wait):
                stop.wait(max(0.0, SHORTEST_ROUND - (time.monotonic() - began)) if wait else 0)
            else:
                stop.wait(min(LONGEST_PAUSE, 0.5 * 2.0 ** min(self._failures, 5)))

    def read_once(self, wait: int) -> bool:
        """Ask once, waiting up to `wait` seconds for a change; say whether the app answered."""
        before = known(self._ledger)
        try:
            answer = self._app.get(PATH, {"after": before.version, "wait": wait}, wait)
            heard = Instructions.model_validate_json(answer.content) if answer.ok else None
            problem = None if heard else f"it answers {answer.status_code}"
        except (AppError, ValidationError) as error:
            heard, problem = None, str(error) if isinstance(error, AppError) else "its answer is none"
        if heard is None:
            if not self._failures:
                log.warning("instructions_unavailable", reason=problem)
            self._failures += 1
        else:
            self._failures = 0
            if heard != before:
                self._ledger.set_meta(META, heard.model_dump_json())
        if (heard is not None and heard != before) or not self.is_settled:
            self.is_settled = True
            self._changed()
        return heard is not None
