"""What can be set about a demo: flags, or environment variables, or defaults that suit most machines."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PORTS = {
    "app": 5000,
    "app-metrics": 5010,
    "webhook": 5001,
    "webhook-metrics": 5011,
    "prometheus": 9095,
    "alertmanager": 9093,
    "smtp": 1025,
}
SABOTAGE = ("token", "policy", "playbook")
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """One demo: where its state is, where its parts listen, how patient it is.

    Attributes:
        state: folder of everything the demo writes.
        ports: port of each part that listens, by its name in ``PORTS``.
        once: end after the scenario.
        clean: only end what a killed demo left and remove the folder.
        patience: every deadline is multiplied with this.
        sabotage: the part that is broken on purpose, one of ``SABOTAGE``, or nothing.

    """

    state: Path
    ports: Mapping[str, int]
    once: bool = False
    clean: bool = False
    patience: float = 1.0
    sabotage: str | None = None

    def url(self, part: str) -> str:
        """Return the address of a part that speaks HTTP."""
        return f"http://{HOST}:{self.ports[part]}"


def read(arguments: Sequence[str]) -> Settings:
    """Read the settings from the command line, else from ``OIMS_DEMO_*``, else the defaults.

    Raises:
        SystemExit: an argument is wrong; argparse has said which.

    """
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Run all parts of OIMS here, break the app, and watch the incident close.",
        epilog="Each option can also be set in the environment: --app-port as OIMS_DEMO_APP_PORT.",
    )
    for name, port in PORTS.items():
        parser.add_argument(
            f"--{name}-port",
            type=_port,
            default=_environment(f"{_word(name)}_port", port),
            help=f"default {port}",
        )
    parser.add_argument(
        "--state",
        type=Path,
        default=_environment("state", ROOT / ".demo"),
        help="folder of all that the demo writes; default .demo",
    )
    parser.add_argument(
        "--once", action="store_true", help="end after the scenario; exit status 0 if every step was seen"
    )
    parser.add_argument(
        "--patience",
        type=_factor,
        default=_environment("patience", 1.0),
        help="multiplies every deadline; 2 suits a slow machine",
    )
    parser.add_argument(
        "--sabotage",
        choices=SABOTAGE,
        default=_environment("sabotage", None),
        help="break one part on purpose, to see that the demo notices",
    )
    parser.add_argument("--clean", action="store_true", help="remove what earlier demos have left, and end")
    given = parser.parse_args(arguments)
    return Settings(
        state=given.state.absolute(),
        ports={name: getattr(given, f"{_word(name)}_port") for name in PORTS},
        once=given.once,
        clean=given.clean,
        patience=given.patience,
        sabotage=given.sabotage,
    )


def _word(name: str) -> str:
    """Write the name of a port as a variable's."""
    return name.replace("-", "_")


def _environment(name: str, default: object) -> object:
    """Return the variable's text, which argparse checks like an argument, or the default."""
    return os.environ.get(f"OIMS_DEMO_{name.upper()}") or default


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to {HIGHEST_PORT})")


def _factor(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0
    if 0 < value < float("inf"):
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
