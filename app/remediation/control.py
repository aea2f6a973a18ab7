"""The switch with which people pause the automation."""

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.incidents.actors import Actor
from app.ops import audit
from app.remediation.models import AutomationControl


def pause(*, actor: Actor) -> None:
    """Ask the automation to start nothing; it hears of it with its next heartbeat."""
    _set(actor, is_paused=True)


def resume(*, actor: Actor) -> None:
    """Let the automation start runs again."""
    _set(actor, is_paused=False)


def _set(actor: Actor, *, is_paused: bool) -> None:
    with transaction():
        db.session.merge(
            AutomationControl(id=1, is_paused=is_paused, changed_by=actor.name, changed_at=now()),
        )
        verb = "paused" if is_paused else "resumed"
        audit.record(f"automation_{verb}", actor.name, f"{actor.name} {verb} the automation.")
