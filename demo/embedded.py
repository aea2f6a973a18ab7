"""The parts without the scenario: prepare a folder, run everything in it, give the app its commands."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from demo import configs, ports
from demo.errors import DemoError
from demo.plan import app_environment, common_environment
from demo.settings import ROOT, Settings
from demo.state import State
from demo.supervisor import Supervisor, supervised

COMMAND_SECONDS = 60


@contextlib.contextmanager
def running(settings: Settings, state: State) -> Iterator[Supervisor]:
    """Run all parts but Prometheus, begun afresh, for as long as the block lasts.

    Args:
        settings: ports and sabotage.
        state: the folder, locked by the caller.

    Raises:
        DemoError: a port is taken, a tool is missing, or the app's database could not be made.

    """
    ports.check(settings.ports)
    state.begin_afresh()
    configs.write(settings, state)
    app_command(settings, state, "migrate")
    with supervised(state) as supervisor:
        yield supervisor


def app_command(settings: Settings, state: State, *arguments: str, given: str = "") -> str:
    """Run one of the app's commands, as an administrator does.

    Args:
        settings: ports and sabotage.
        state: the folder.
        arguments: the command.
        given: what is typed in.

    Returns:
        What the command prints.

    Raises:
        DemoError: it failed; its last words are in the message.

    """
    done = subprocess.run(  # noqa: S603 - the app's own commands
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=common_environment(state) | app_environment(settings, state),
        input=given,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    log = state.log / f"{arguments[0]}.log"
    log.write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise DemoError(f"python -m app {' '.join(arguments)} failed: {last}. Read {state.shown(log)}")
    return done.stdout
