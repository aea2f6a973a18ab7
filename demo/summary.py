"""What the demo says when the scenario is over: how long each leg took, and where to look."""

from collections.abc import Mapping

from demo.plan import DEMO_LOGIN
from demo.settings import Settings
from demo.state import State
from demo.terminal import Terminal

LEGS = (
    ("fault to alert", None, "alert firing in Prometheus"),
    ("alert to journal", "alert firing in Prometheus", "alert delivered to the webhook"),
    ("journal to incident and mail", "alert delivered to the webhook", "incident opened"),
    ("journal to decision", "alert delivered to the webhook", "decision to run a playbook"),
    ("decision to new process", "decision to run a playbook", "process restarted"),
    ("new process to alert gone", "process restarted", "alert resolved"),
    ("fault to incident resolved", None, "incident resolved"),
    ("fault to verified", None, "verdict after the hold"),
)
"""A leg's name, and the steps between which it lies; the fault itself is moment 0."""


def print_legs(terminal: Terminal, seen: Mapping[str, float]) -> None:
    """Print how long each leg took.

    Args:
        terminal: where to.
        seen: when each step was seen, in seconds since the fault.

    """
    rows = [(name, f"{seen[end] - (seen[start] if start else 0):6.1f} s") for name, start, end in LEGS]
    terminal.block("How long it took", rows)


def print_links(terminal: Terminal, settings: Settings, state: State, repaired: int, refused: int) -> None:
    """Print where everything can be looked at, and with which log-in."""
    app = settings.url("app")
    rows = [
        ("repaired incident", f"{app}/incidents/{repaired}"),
        ("refused incident", f"{app}/incidents/{refused}"),
        ("log in", f"{DEMO_LOGIN}, password {state.secret('admin-password')}"),
        ("Prometheus", f"{settings.url('prometheus')}/alerts"),
        ("Alertmanager", f"{settings.url('alertmanager')}/api/v2/alerts"),
        (
            "webhook",
            f"{settings.url('webhook')}/, token in {state.shown(state.secrets / 'webhook-token')}",
        ),
        ("mails", state.shown(state.mail / "new")),
        ("logs", state.shown(state.log)),
    ]
    terminal.block("Where to look", rows)
