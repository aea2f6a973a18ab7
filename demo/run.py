"""One demo from start to end."""

import time

from demo import samples, summary
from demo.embedded import running
from demo.errors import DemoError
from demo.parts import Parts
from demo.scenario import Refusal, Repair
from demo.settings import Settings
from demo.state import API_TOKEN, State
from demo.steps import Step, wait_for
from demo.supervisor import Supervisor
from demo.terminal import Terminal

READY = {"webhook": "/readyz", "app": "/readyz", "alertmanager": "/-/ready"}
START_SECONDS = 60
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
            self._end_leftovers()
            self._terminal.say(
                f"Starting the parts; all they write is in {self._state.shown(self._state.folder)}"
            )
            started = time.monotonic()
            with running(self._settings, self._state) as supervisor:
                parts = self._wait_for_parts(supervisor)
                added = samples.add_incidents(parts)
                seconds = time.monotonic() - started
                self._terminal.say(f"All parts are up after {seconds:.1f} s, with {added}")
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
            self._end_leftovers()
            self._state.remove()

    def _end_leftovers(self) -> None:
        if count := self._state.end_processes():
            self._terminal.say(f"Ended {count} processes that a killed demo had left behind")

    def _wait_for_parts(self, supervisor: Supervisor) -> Parts:
        """Wait until every part answers; Prometheus comes last, so that it misses nobody who is not late."""
        parts = Parts(self._settings, self._state, self._state.secret(API_TOKEN))
        for part, path in READY.items():
            self._wait_until_ready(parts, part, path)
        self._watch(Step("first heartbeat of the automation", START_SECONDS, "monitor", parts.heartbeat))
        supervisor.start_program("prometheus")
        self._wait_until_ready(parts, "prometheus", "/-/ready")
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
        incidents = repair.incident["id"], refusal.incident["id"]
        summary.print_links(self._terminal, self._settings, self._state, *incidents)

    def _stay(self, supervisor: Supervisor) -> None:
        self._terminal.say("The parts stay up. Stop them with Ctrl-C")
        while supervisor.is_running:
            time.sleep(PAUSE_SECONDS)
        raise DemoError(f"supervisord has ended. Read {self._state.shown(self._state.log)}/supervisord.log")

    def _wait_until_ready(self, parts: Parts, part: str, path: str) -> None:
        def look() -> str | None:
            return f"{part.capitalize()} is ready" if parts.is_ready(part, path) else None

        self._watch(Step(f"{part} ready", START_SECONDS, part, look, "quiet"))

    def _watch(self, step: Step) -> None:
        patience, log_folder = self._settings.patience, self._state.shown(self._state.log)
        self._seen[step.name] = wait_for(step, self._terminal, patience=patience, log_folder=log_folder)
