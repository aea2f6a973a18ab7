"""What the automation before did: the one that takes over asks the app, for each has its own ledger."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from automation.clock import Clock
from automation.ledger import beginning, inherited
from automation.ledger.database import Ledger
from automation.ledger.episodes import offset
from automation.ledger.inherited import Inherited
from automation.report import App, AppError
from contract.runs import TOLD, RunState

PATH = "/api/v1/runs"
PAGE, PAGES = 200, 5
"""So many of the newest runs are looked at: more than a policy allows in a day."""
ASK_AGAIN = 30.0
"""Seconds after which an app that did not answer is asked again; meanwhile, what is burning is repaired."""

log = structlog.get_logger()


class _Run(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    episode: str
    target: dict[str, str]
    attempt: int
    state: str
    verification: str | None
    queued_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class _Answer(BaseModel):
    items: list[_Run]
    next: str | None


class Predecessors:
    """Learns of their runs once for each time that this automation begins to act."""

    def __init__(self, app: App, ledger: Ledger, clock: Clock) -> None:
        self._app, self._ledger, self._clock = app, ledger, clock
        self._ask_at = 0.0
        self._is_informed = False
        self._app_now: datetime | None = None

    def forget(self) -> None:
        """Begin anew: another acts from now on."""
        self._ask_at, self._is_informed = 0.0, False

    def learn(self) -> None:
        """Ask, unless that was done or failed a short time ago."""
        now = self._clock.steady()
        if self._is_informed or now < self._ask_at:
            return
        if not self._ask_at:
            beginning.note(self._ledger, offset(self._ledger), takes_over=True)
        self._ask_at = now + ASK_AGAIN
        try:
            found = self._ask()
        except (AppError, ValidationError) as error:
            log.warning("predecessors_runs_unknown", reason=type(error).__name__)
            return
        self._is_informed = True
        kept = inherited.keep(self._ledger, [self._read(run) for run in found if run.attempt])
        if kept:
            log.info("predecessors_runs_known", count=kept)

    def _ask(self) -> list[_Run]:
        found: list[_Run] = []
        query: dict[str, str | int] = {"limit": PAGE}
        for _ in range(PAGES):
            answer = self._app.get(PATH, query, 0)
            page = _Answer.model_validate_json(answer.content)
            self._app_now = _time(answer.headers.get("Date", ""))
            found += page.items
            if page.next is None:
                break
            query["cursor"] = page.next
        return found

    def _read(self, run: _Run) -> Inherited:
        """Read a run; the one before has ended what it ran: by itself, or with its machine.

        So a run whose end nobody told was interrupted.
        """
        target = f"{run.target['namespace']}/{run.target['kind']}/{run.target['name']}"
        state = run.state if run.state in TOLD else RunState.INTERRUPTED
        started = self._steady(run.queued_at)
        return Inherited(
            run.id,
            run.episode,
            target,
            state,
            run.verification,
            started,
            self._steady(run.finished_at, started),
        )

    def _steady(self, moment: AwareDatetime | None, default: float = 0.0) -> float:
        if moment is None:
            return default
        now = self._app_now or self._clock.wall()  # our own clock may have been set since
        return self._clock.steady() - max(0.0, (now - moment).total_seconds())


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
