"""The health of the platform, for an outside watcher."""

from flask import current_app
from pydantic import BaseModel

from app.api.operations import operation
from app.ops.parts import Hearing, look
from app.records.accounts import Scope


class Health(BaseModel):
    """Which parts are heard of; `can_tell`: OIMS can notify people of all other faults."""

    can_tell: bool
    worker: Hearing
    mail: Hearing
    webhook: Hearing
    watchdog: Hearing
    automation: Hearing


@operation("GET", "/health", scope=Scope.WATCH, answers=Health)
def show_health() -> Health:
    """Return which parts are heard of, for `oims watch` or a watcher of your own."""
    parts = look(current_app.config["SETTINGS"])
    return Health(can_tell=parts.can_tell, **vars(parts))
