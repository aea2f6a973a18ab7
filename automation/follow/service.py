"""The follower: sources, engine, runs and reports put together, from start to a clean stop."""

import signal
import threading
import time
from types import FrameType

import structlog

from automation.clock import SystemClock
from automation.config import Settings
from automation.errors import JournalUnreachableError
from automation.events.journal import Journal
from automation.events.lines import LineReader
from automation.follow import on_kubernetes
from automation.follow.engine import Engine
from automation.follow.heartbeat import describe, gauges
from automation.follow.jobs import Jobs
from automation.follow.looks import Looks
from automation.follow.predecessors import Predecessors
from automation.follow.sources import STDIN, JournalReader, is_stream, read_lines
from automation.follow.state import note_policy, paused_by
from automation.instructions.reader import InstructionsReader
from automation.ledger import approvals, reports, runs
from automation.ledger.database import Ledger, load_anchor, save_anchor
from automation.metrics import Gauges, Metrics
from automation.policy.folder import Folder
from automation.policy.schemas import Policy
from automation.report import App, Heartbeat, repeat
from automation.reporter import Reporter
from automation.run.crew import Crew
from automation.run.executor import Executor
from automation.run.warm import Warm
from automation.token import TokenEnd
from contract.runs import RunState

TICK = 0.5
ONCE_PATIENCE = 30.0
LAST_REPORTS = 10.0
END_PATIENCE = 30.0
NOTE_INTERVAL = 10.0
LOOKS_AT_ONCE = 2
"""Diagnostics at one time; the policy limits only repairs."""

log = structlog.get_logger()


class Follower:
    """Everything that `follow` runs."""

    def __init__(self, settings: Settings, policy: Policy, ledger: Ledger, *, is_dry: bool) -> None:
        self._settings, self._policy, self._ledger, self._is_dry = settings, policy, ledger, is_dry
        self._clock = SystemClock(load_anchor(ledger))
        self._stop, self._wake, self._end_runs = threading.Event(), threading.Event(), threading.Event()
        self._signals: list[int] = []
        journal = Journal(
            str(settings.journal_url),
            settings.secret("journal_token"),
            settings.secret("event_key").encode(),
            settings.ca_file,
        )
        self._reader = JournalReader(journal, ledger, self._clock, self._wake.set)
        self._metrics = Metrics(policy)
        folder = Folder(settings)
        self._engine = Engine(
            policy,
            ledger,
            self._clock,
            lambda: paused_by(settings.state_dir),
            folder.digest,
            metrics=self._metrics,
            outside=on_kubernetes.outside(settings),
            journal_now=lambda: self._reader.now,
        )
        self._revisions = on_kubernetes.revisions(settings, policy)
        self._warm = Warm() if settings.warm_ansible and not is_dry else None
        self._executor = Executor(
            settings, folder, ledger, self._clock, self._metrics, self._must_end, self._warm
        )
        self._jobs = Jobs(ledger, self._engine, self._executor, folder, self._must_end)
        self._crew = Crew(self._wake.set)
        self._election = (
            on_kubernetes.election(settings, self._wake.set) if settings.lease and not is_dry else None
        )
        self._token_end = TokenEnd(settings.token_end_file, self._clock) if settings.token_end_file else None
        app = str(settings.app_url), settings.secret("app_token"), settings.ca_file
        self._instructions = InstructionsReader(App(*app), ledger, self._wake.set)
        self._reporter = Reporter(App(*app), ledger, self._clock)
        self._heartbeat = Heartbeat(App(*app), self._describe)
        self._predecessors = Predecessors(App(*app), ledger, self._clock)
        self._looks = Looks()

    def follow(self) -> None:
        """Follow until told to stop."""
        note_policy(self._ledger, self._settings.policy_file)
        if self._settings.metrics_bind:
            self._metrics.serve(self._settings.metrics_bind, self._gauges)
        if self._warm:
            self._warm.begin()
        self._start_threads()
        while not self._is_stopping():
            if self._reader.is_settled and (self._is_dry or self._instructions.is_settled):
                self._step()
            self._wake.wait(TICK)
            self._wake.clear()
        self._shut_down()

    def follow_once(self) -> None:
        """Handle what the journal has now, wait for runs and verdicts, deliver the reports.

        Raises JournalUnreachableError.
        """
        note_policy(self._ledger, self._settings.policy_file)
        self._catch_up()
        self._hear()
        self._step()
        while not self._is_stopping() and self._has_work():
            if not self._is_dry:
                self._reporter.send_due()
            self._hear()
            self._reader.read_once(0)
            self._step()
            self._stop.wait(TICK)
        self._shut_down()

    def handle_signal(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal: the first stops the follower, a second also ends the runs in flight at once.

        Nothing else may happen here: the lock of an event or of the log may be held by what was interrupted.
        """
        self._signals.append(number)

    def stop(self) -> None:
        """Ask the follower to stop, from another thread."""
        self._stop.set()
        self._wake.set()

    def _is_stopping(self) -> bool:
        if self._signals and not self._stop.is_set():
            log.info("stopping", signal=signal.Signals(self._signals[0]).name)
            self._stop.set()
        return self._stop.is_set()

    def _start_threads(self) -> None:
        work = [lambda: self._reader.run(self._stop)]
        if not self._is_dry:
            work += [
                lambda: repeat(self._stop, TICK, self._reporter.send_due),
                lambda: repeat(self._stop, self._settings.report_heartbeat.total_seconds(), self._beat),
                lambda: self._instructions.run(self._stop),
            ]
            if self._revisions:
                work.append(lambda: repeat(self._stop, NOTE_INTERVAL, self._note_revisions))
        if self._token_end:
            token_end = self._token_end
            work.append(lambda: repeat(self._stop, NOTE_INTERVAL, token_end.look))
        if self._election:
            election = self._election
            work.append(lambda: election.run(self._stop))
        lines = LineReader(self._settings.secret("event_key").encode())
        ended = self.stop if is_stream(STDIN) else lambda: None
        work.append(lambda: read_lines(lines, self._reader.hint, ended))
        for target in work:
            threading.Thread(target=target, daemon=True).start()

    def _step(self) -> None:
        """Look at everything once: lost runs, verdicts, decisions, queued runs."""
        if self._is_dry:
            self._dry_step()
            return
        at_work = self._crew.at_work()
        for run in runs.in_state(self._ledger, RunState.RUNNING):
            if run.id not in at_work:
                self._executor.recover(run)
        read_at = self._reader.read_at
        silence = self._reader.silence(self._settings.signal_timeout.total_seconds())
        self._engine.verdicts.settle(read_at, silence)
        if not self._is_leader:
            self._predecessors.forget()
            self._looks = Looks()
            return
        if self._election:
            self._predecessors.learn()
        is_blind = self._reader.problem is not None
        state = self._ledger.version, self._engine.paused, is_blind
        self._looks.take(state, self._clock, lambda: self._engine.decide_all(read_at, is_blind=is_blind))
        if self._stop.is_set():
            return
        for approval in approvals.without_preview(self._ledger, self._clock.steady()):
            self._crew.start(approval.id, lambda one=approval: self._jobs.preview(one))  # type: ignore[misc]
        if self._engine.paused is None:
            self._start_runs()

    def _start_runs(self) -> None:
        places = LOOKS_AT_ONCE - sum(not run.attempt for run in runs.in_state(self._ledger, RunState.RUNNING))
        for run in runs.in_state(self._ledger, RunState.QUEUED):
            if not run.attempt:
                places -= 1
            if run.attempt or places >= 0:
                self._crew.start(run.id, lambda one=run: self._jobs.execute(one))  # type: ignore[misc]

    @property
    def _is_leader(self) -> bool:
        """Whether this process is the one that acts."""
        return self._election is None or self._election.is_leader

    def _must_end(self) -> bool:
        """Say whether runs in flight have to end: told so, or another may act from now on."""
        return self._end_runs.is_set() or not self._is_leader

    def _dry_step(self) -> None:
        """Decide on the copy of the ledger; a run counts as done, so that cooldowns and budgets are seen."""
        self._engine.decide_all(self._reader.read_at)
        for run in runs.in_state(self._ledger, RunState.QUEUED):
            runs.finish(self._ledger, run.id, RunState.SUCCEEDED, self._clock)

    def _describe(self) -> dict[str, object]:
        return describe(
            self._settings,
            self._policy,
            self._ledger,
            self._clock,
            is_paused=self._engine.paused is not None,
            lag=self._reader.lag,
        )

    def _gauges(self) -> Gauges:
        return gauges(
            self._ledger,
            is_paused=self._engine.paused is not None,
            is_leader=self._is_leader,
            lag=self._reader.lag,
            token_end=self._token_end,
        )

    def _beat(self) -> bool:
        if step := self._clock.step():
            log.warning("clock_stepped", seconds=round(step, 1))
        save_anchor(self._ledger, self._clock.anchor())
        if not self._is_leader:
            return True
        is_heard = self._heartbeat.send()
        if is_heard:
            self._reporter.resume()
        return is_heard

    def _note_revisions(self) -> bool:
        return self._revisions is None or not self._is_leader or self._revisions.note()

    def _hear(self) -> None:
        """Ask for the instructions and the lease, for `--once`."""
        if not self._is_dry:
            self._instructions.read_once(0)
        if self._election:
            self._election.round()

    def _catch_up(self) -> None:
        deadline = time.monotonic() + ONCE_PATIENCE
        while not self._reader.read_once(0):
            if self._reader.problem and time.monotonic() >= deadline:
                url = self._settings.journal_url
                raise JournalUnreachableError(f"the journal at {url} cannot be read: {self._reader.problem}")
            if self._is_stopping():
                return
            if self._reader.problem:
                time.sleep(TICK)

    def _has_work(self) -> bool:
        if self._is_dry:
            return False
        queued = runs.in_state(self._ledger, RunState.QUEUED) if self._engine.paused is None else []
        return bool(queued or self._crew.at_work() or runs.unverified(self._ledger))

    def _shut_down(self) -> None:
        """Give runs in flight their grace time, end them, and deliver what can be delivered."""
        deadline = time.monotonic() + self._settings.stop_grace.total_seconds()
        while self._crew.at_work() and time.monotonic() < deadline and len(self._signals) <= 1:
            self._crew.wait(0.2)
        self._end_runs.set()
        self._crew.wait(END_PATIENCE)
        if self._warm:
            self._warm.end()
        if self._is_dry:
            return
        if self._election:
            self._election.release()
        save_anchor(self._ledger, self._clock.anchor())
        self._reporter.resume()
        deadline = time.monotonic() + LAST_REPORTS
        while reports.counts(self._ledger)[0] and time.monotonic() < deadline:
            self._reporter.send_due()
            time.sleep(0.1)
        waiting, refused = reports.counts(self._ledger)
        log.info("stopped", reports_waiting=waiting, reports_refused=refused)
