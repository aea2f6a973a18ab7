"""The parts without the scenario: prepare a folder and the app's database, run everything in it."""

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator

from demo import configs, ports
from demo.errors import DemoError
from demo.plan import DEMO_LOGIN, app_environment, common_environment
from demo.samples import PEOPLE
from demo.settings import ROOT, Settings
from demo.state import API_TOKEN, VISITORS_TOKEN, State
from demo.supervisor import Supervisor, supervised

SETUP_SECONDS = 180


@contextlib.contextmanager
def running(settings: Settings, state: State) -> Iterator[Supervisor]:
    """Run all parts but Prometheus, begun afresh, for as long as the block lasts.

    Args:
        settings: ports and sabotage.
        state: the folder, locked by the caller.

    Raises:
        DemoError: a port is taken, a tool is missing, or the app could not be set up.

    """
    ports.check(settings.ports)
    state.begin_afresh()
    configs.write(settings, state)
    set_up(settings, state)
    with supervised(state) as supervisor:
        yield supervisor


def set_up(settings: Settings, state: State) -> None:
    """Make the app's database, the people of the samples and two tokens, as an administrator does.

    Args:
        settings: ports and sabotage.
        state: the folder, begun afresh; it gets the tokens.

    Raises:
        DemoError: a command failed; its last words are in the message.

    """
    commands = [
        (["migrate"], ""),
        (
            ["user", "create", DEMO_LOGIN, "--name", "Demo", "--role", "admin"],
            state.secret("admin-password"),
        ),
        *((["user", "create", email, "--name", name], secrets.token_urlsafe(16)) for email, name in PEOPLE),
        (["token", "create", "visitors", "--scope", "read"], ""),
        (["token", "create", "demo", "--scope", "admin"], ""),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "demo.commands"],
        cwd=ROOT,
        env=common_environment(state) | app_environment(settings, state),
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        timeout=SETUP_SECONDS,
        check=False,
    )
    log = state.log / "setup.log"
    log.write_text(done.stderr, encoding="utf-8")
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2].strip()
        raise DemoError(f"The app could not be set up: {last}. Read {state.shown(log)}")
    for name, said in zip((VISITORS_TOKEN, API_TOKEN), json.loads(done.stdout)[-2:], strict=True):
        state.keep_secret(name, said.strip())
