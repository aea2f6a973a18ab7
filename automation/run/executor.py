"""One run from start to end, in a thread of its own."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from automation.clock import Clock
from automation.config import Settings
from automation.errors import ConfigurationError
from automation.ledger.approvals import Approval
from automation.ledger.database import Ledger
from automation.ledger.runs import RUN_ID, Run, Variables, change, finish
from automation.metrics import Metrics
from automation.policy.folder import Folder
from automation.policy.schemas import Leftovers
from automation.run import ending, process
from automation.run.output import clean, read_tail
from automation.run.starting import Child, Starter
from automation.run.tasks import Tasks
from automation.run.variables import write_variables
from automation.run.warm import Warm
from contract import limits
from contract.moments import rfc3339
from contract.runs import RunState

COPY = "playbooks"
TASKS = "tasks"
POLL = 0.2
"""Seconds between two looks at a run that has not ended."""
REPORT_INTERVAL = 1.0
"""Seconds between two reports of a run's tasks."""
PREVIEW_TIMEOUT = 120.0
PREVIEW_LIMIT = limits.PREVIEW_BYTES
END_BY = "end_by"
LAST_WORDS = 15.0
"""Seconds before a run's time-out at which its playbook stops waiting; at most a quarter of the time-out."""
KEPT = (
    "PATH",
    "HOME",
    "TMPDIR",
    "SSL_CERT_FILE",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "OIMS_STATE_DIR",
)
KEPT_PREFIX = "OIMS_SUPERVISOR_"

log = structlog.get_logger()


@dataclass(frozen=True)
class Executor:
    """Runs playbooks and writes what happens into the ledger."""

    settings: Settings
    playbooks: Folder
    ledger: Ledger
    clock: Clock
    metrics: Metrics
    must_end: Callable[[], bool]
    """Says whether runs in flight have to end now."""
    warm: Warm | None = None
    """Where playbooks are forked from; none: each starts afresh."""

    def execute(self, run: Run, pin: str | None, leftovers: Leftovers = Leftovers.END) -> None:
        """Run a queued run's playbook to its end; every outcome is recorded.

        Args:
            run: what is to be run.
            pin: the digest that the playbooks folder must have by the policy; none: any.
            leftovers: what becomes of processes that the playbook leaves when it ends by itself.

        """
        folder, playbook = self._folder(run.id), run.document["playbook"]
        try:
            self._prepare(folder, playbook, pin, run.digest)
        except ConfigurationError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self.refuse(run, RunState.FAILED, str(error))
            return
        change(self.ledger, run.id, state=RunState.RUNNING, started_at=rfc3339(self.clock.wall()))
        log.info("run_started", run=run.id, playbook=playbook, target=run.target, attempt=run.attempt)
        started = time.monotonic()
        tasks, ended = Tasks(folder / TASKS), []
        try:
            state, code = self._run(run, folder, tasks)
            if state in {RunState.SUCCEEDED, RunState.FAILED}:
                ended = self._end_leftovers(run, leftovers)
        except OSError as error:
            log.exception("run_not_started", run=run.id)
            state, code = RunState.FAILED, None
            with (folder / "output").open("a") as output:
                output.write(f"ansible-playbook could not be started: {error.strerror}\n")
        self._finish(run, state, tasks, ended, duration=round(time.monotonic() - started, 3), exit_code=code)

    def preview(self, approval: Approval, playbook: str, pin: str | None) -> str:
        """Try a playbook in check mode; return what it would change, at most 20 KB without secrets.

        Check mode runs parts of a playbook. So what was changed since the start is not tried before a person
        has said yes to it, unless the policy pins it as it is.
        """
        about = (
            f"The playbooks folder has the digest {approval.digest}; nothing else is run by this answer.\n"
        )
        if approval.digest not in {pin, self.playbooks.at_start.digest}:
            return about + self._why_untried()
        return about + self._try(approval, playbook, pin)

    def _why_untried(self) -> str:
        try:
            names = self.playbooks.changes()
        except ConfigurationError as error:
            return f"It cannot be read: {error}.\n"
        return (
            f"It was changed since automation was started ({names}), so it was not tried in check mode: look "
            "at the change before you approve, or start automation again.\n"
        )

    def _try(self, approval: Approval, playbook: str, pin: str | None) -> str:
        folder = self._folder(approval.id)
        try:
            self._prepare(folder, playbook, pin, approval.digest)
            variables = {RUN_ID: approval.id, **approval.variables}
            child = self._start(approval.id, folder, playbook, variables, "--check", "--diff")
            deadline = time.monotonic() + PREVIEW_TIMEOUT
            while (code := child.wait(POLL)) is None and time.monotonic() < deadline and not self.must_end():
                pass
            child.end()
            text = read_tail(folder / "output", PREVIEW_LIMIT)
        except ConfigurationError as error:
            return f"The playbook was not tried in check mode: {error}.\n"
        except OSError as error:
            return f"The playbook could not be tried in check mode: {error.strerror}."
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return text if code == 0 else f"The playbook failed in check mode.\n{text}"

    def recover(self, run: Run) -> None:
        """Record a run as interrupted that was in flight when the last process of automation died."""
        process.end(run.id)
        self._finish(run, RunState.INTERRUPTED, Tasks(self._folder(run.id) / TASKS), [])

    def refuse(self, run: Run, state: RunState, reason: str) -> None:
        """End a run whose playbook was never started."""
        self._end(run, state, None, output_tail=f"Not started: {reason}.\n")

    def _prepare(self, folder: Path, playbook: str, *digests: str | None) -> None:
        """Make the folder of a run, with its own copy of the playbooks. Raises ConfigurationError."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        self.playbooks.copy_to(folder / COPY, *digests)
        if not (folder / COPY / playbook).is_file():
            raise ConfigurationError(f"{playbook} is not in {self.playbooks.path}")

    def _start(self, mark: str, folder: Path, playbook: str, variables: Variables, *options: str) -> Child:
        write_variables(folder / "variables.json", variables)
        return Starter(self.warm, self.metrics).start(
            self._command(playbook, folder, options),
            cwd=folder / COPY,
            env=self._environment(mark, folder),
            output=folder / "output",
        )

    def _run(self, run: Run, folder: Path, tasks: Tasks) -> tuple[RunState, int | None]:
        variables = {RUN_ID: run.id, **run.variables, END_BY: _end_by(run.timeout)}
        child = self._start(run.id, folder, run.document["playbook"], variables)
        deadline = time.monotonic() + run.timeout
        report_at = 0.0
        has_news = False
        while (code := child.wait(POLL)) is None:
            has_news |= tasks.read()
            if has_news and time.monotonic() >= report_at:
                change(self.ledger, run.id, **tasks.document())
                has_news, report_at = False, time.monotonic() + REPORT_INTERVAL
            if (is_ended := self.must_end()) or time.monotonic() >= deadline:
                child.end()
                return (RunState.INTERRUPTED if is_ended else RunState.TIMED_OUT), None
        return (RunState.SUCCEEDED if code == 0 else RunState.FAILED), code

    def _end_leftovers(self, run: Run, leftovers: Leftovers) -> list[str]:
        """End what a playbook left, unless the policy keeps it; return what was ended, without secrets."""
        if leftovers is Leftovers.KEEP:
            return []
        commands = process.left_by(run.id)
        process.end(run.id)  # nothing a playbook started in the background may outlive its lock
        return [clean(command) for command in commands]

    def _finish(
        self,
        run: Run,
        state: RunState,
        tasks: Tasks,
        ended: Sequence[str],
        *,
        duration: float | None = None,
        exit_code: int | None = None,
    ) -> None:
        folder = self._folder(run.id)
        tasks.read()
        told = ending.classify(state, exit_code, tasks, ended)
        if state in {RunState.TIMED_OUT, RunState.INTERRUPTED}:
            tasks.end()
        self._end(
            run,
            told.state,
            duration,
            duration_s=duration,
            exit_code=exit_code,
            reason=told.reason,
            detail=told.detail,
            output_tail=read_tail(folder / "output"),
            **tasks.document(),
        )
        shutil.rmtree(folder, ignore_errors=True)
        log.info("run_finished", run=run.id, state=told.state.value, duration_s=duration, detail=told.detail)

    def _end(self, run: Run, state: RunState, duration: float | None, **fields: Any) -> None:
        ended = finish(self.ledger, run.id, state, self.clock, **fields)
        self.metrics.ended(ended, duration)

    def _folder(self, run_id: str) -> Path:
        return self.settings.state_dir / "runs" / run_id

    def _command(self, playbook: str, folder: Path, options: Sequence[str]) -> list[str]:
        variables = f"@{folder / 'variables.json'}"
        inventory = str(folder / COPY / "inventories" / self.settings.inventory)
        return [ansible("ansible-playbook"), "-i", inventory, "-e", variables, *options, playbook]

    def _environment(self, mark: str, folder: Path) -> dict[str, str]:
        """Return a clean environment: what the playbook needs, none of our own tokens."""
        return {
            **ansible_environment(folder / COPY),
            process.MARK: mark,
            "OIMS_STATE_DIR": str(self.settings.state_dir),
            "OIMS_TASKS_FILE": str(folder / TASKS),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "oims_tasks",
            "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
            # Ansible writes this one into a shell command as it is.
            "ANSIBLE_REMOTE_TEMP": shlex.quote(str(folder / "remote")),
        }


def _end_by(timeout: float) -> int:
    """Return when a playbook has to stop waiting (seconds since 1970), so that it can still say why."""
    return int(time.time() + timeout - min(LAST_WORDS, timeout / 4))


def ansible(program: str) -> str:
    """Return the path of an Ansible program: beside our Python, else on PATH."""
    beside = Path(sys.executable).with_name(program)
    return str(beside) if beside.exists() else shutil.which(program) or program


def ansible_environment(playbooks: Path) -> dict[str, str]:
    """Return the environment in which every Ansible program is started."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIX)}
    own = {
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "PYTHONUNBUFFERED": "1",
    }
    config = playbooks / "ansible.cfg"
    if config.exists():
        own["ANSIBLE_CONFIG"] = str(config)
    return kept | own
