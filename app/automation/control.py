"""The switch that pauses the automation."""

from app.clock import now
from app.database import transaction
from app.records import audit, instructions
from app.records.actors import Actor
from app.records.audit_entries import AutomationPaused, AutomationResumed
from app.text import entered
from contract import limits

MAX_REASON = limits.COMMENT


def pause(*, actor: Actor, reason: str = "") -> None:
    """Ask the automation to start nothing; it hears of it within a second.

    Raises:
        InvalidInput: the reason is too long.

    """
    _set(actor, entered("reason", reason, MAX_REASON), is_paused=True)


def resume(*, actor: Actor) -> None:
    """Let the automation start runs again."""
    _set(actor, "", is_paused=False)


def _set(actor: Actor, reason: str, *, is_paused: bool) -> None:
    with transaction():
        row = instructions.locked()
        if row.is_paused is is_paused:
            return
        row.is_paused, row.reason = is_paused, reason
        row.changed_by, row.changed_by_id, row.changed_by_email = actor.name, actor.user_id, actor.email
        row.changed_at = now()
        row.version += 1
        entry = AutomationPaused() if is_paused else AutomationResumed()
        verb = "paused" if is_paused else "resumed"
        summary = f"{actor.name} {verb} the automation" + (f": {reason}" if reason else ".")
        audit.record(entry, actor, summary)
