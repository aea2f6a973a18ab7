"""One demo from start to end."""

import os
import subprocess
import sys
import time

from demo import configs, ports, summary
from demo.errors import DemoError
from demo.parts import Parts
from demo.plan import app_environment, common_environment
from demo.scenario import Refusal, Repair, open_sample_incidents
from demo.settings import ROOT, Settings
from demo.state import State
from demo.steps import Step, wait_for
from demo.supervisor import Supervisor, supervised
from demo.terminal import Terminal

READY = {
    "webhook": "/readyz",
    "app": "/readyz",
    "alertmanager": "/-/ready",
}
START_SECONDS = 60
COMMAND_SECONDS = 60
PAUSE_SECONDS = 0.5


class Demo:
    """The parts, the scenario, the summary."""

    def __init__(self, settings: Settings, terminal: Terminal) -> None:
        self._settings, self._terminal = settings, terminal
        self._state = State(settings.state)
        self._seen: dict[str, float] = {}
        self.is_complete = False

    def run(self) -> None:
        """Start everything, play the scenario, stay up unless told otherwise, end everything.

        Raises:
            DemoError: it could not start, or a step was not seen.

        """
        self._state.check()
        with self._state.lock():
            self._prepare()
            with supervised(self._state) as supervisor:
                parts = self._start_parts(supervisor)
                self._play(parts, supervisor)
                if not self._settings.once:
                    self._stay(supervisor)

    def clean(self) -> None:
        """End what a killed demo left running, and remove the folder.

        Raises:
            DemoError: a demo is running in it.

        """
        self._state.check()
        with self._state.lock():
            self._state.end_processes()
            self._state.remove()

    def _prepare(self) -> None:
        left = self._state.end_processes()
        if left:
            self._terminal.say(f"Ended {left} processes that a killed demo had left behind")
        ports.check(self._settings.ports)
        self._state.begin_afresh()
        configs.write(self._settings, self._state)
        self._app_command("migrate")

    def _start_parts(self, supervisor: Supervisor) -> Parts:
        started = time.monotonic()
        self._terminal.say(
            "Starting the parts: app, worker, webhook, monitor, Alertmanager, Prometheus, mail sink"
        )
        parts = Parts(self._settings, self._state, self._token())
        for part, path in READY.items():
            self._wait_until_ready(parts, part, path)
        self._watch(
            Step("first heartbeat of the automation", START_SECONDS, "monitor", lambda: _heartbeat(parts))
        )
        supervisor.start_program("prometheus")
        self._wait_until_ready(parts, "prometheus", "/-/ready")
        count = open_sample_incidents(parts)
        seconds = time.monotonic() - started
        self._terminal.say(
            f"All parts are up after {seconds:.1f} s; {count} sample incidents opened through the API"
        )
        return parts

    def _play(self, parts: Parts, supervisor: Supervisor) -> None:
        repair = Repair(parts, supervisor)
        self._terminal.start_clock()
        parts.switch_fault("errors", on=True)
        self._terminal.say("Fault switched on: from now on the app answers every page with an error")
        for step in repair.steps():
            self._watch(step)
        refusal = Refusal(parts, supervisor)
        refusal.send()
        for step in refusal.steps():
            self._watch(step)
        self.is_complete = True
        summary.print_legs(self._terminal, self._seen)
        summary.print_links(
            self._terminal, self._settings, self._state, repair.incident["id"], refusal.incident["id"]
        )

    def _watch(self, step: Step) -> None:
        self._seen[step.name] = wait_for(
            step,
            self._terminal,
            patience=self._settings.patience,
            log_folder=os.path.relpath(self._state.log),
        )

    def _stay(self, supervisor: Supervisor) -> None:
        self._terminal.say("The parts stay up. Stop them with Ctrl-C")
        while supervisor.is_running:
            time.sleep(PAUSE_SECONDS)
        raise DemoError(f"supervisord has ended. Read {self._state.log / 'supervisord.log'}")

    def _wait_until_ready(self, parts: Parts, part: str, path: str) -> None:
        step = Step(
            f"{part} ready",
            START_SECONDS,
            part,
            lambda: f"{part} is ready" if parts.is_ready(part, path) else None,
        )
        self._watch(step)

    def _token(self) -> str:
        """Make an API token that may do everything, as an administrator does on the command line."""
        return self._app_command("token", "create", "demo", "--scope", "admin").strip()

    def _app_command(self, *arguments: str) -> str:
        """Run one of the app's commands and return what it prints.

        Raises:
            DemoError: it failed; its words are in the message.

        """
        done = subprocess.run(  # noqa: S603 - the app's own commands
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env=common_environment(self._state) | app_environment(self._settings, self._state),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        (self._state.log / f"{arguments[0]}.log").write_text(done.stderr, encoding="utf-8")
        if done.returncode:
            last = done.stderr.strip().rpartition("\n")[2]
            log = os.path.relpath(self._state.log / f"{arguments[0]}.log")
            raise DemoError(f"python -m app {arguments[0]} failed: {last} Read {log}")
        return done.stdout


def _heartbeat(parts: Parts) -> str | None:
    return "The automation has reported to the app" if parts.has_heartbeat() else None
