"""Real faults on demand: only with OIMS_DEMO_FAULTS=true, in this process, until it restarts."""

from enum import StrEnum
from http import HTTPStatus
from threading import Condition
from typing import Literal

from flask import Blueprint, Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict

from app.api.auth import authenticate
from app.api.bodies import read
from app.errors import Broken
from app.extensions import csrf
from app.ops.metrics import SLOTS, UNCOUNTED
from app.records.accounts import Scope

SLOW_S = 3.0
HELD_S = 60.0
HELD_AT_ONCE = SLOTS - 1
"""One slot stays free, so that health and metrics still answer."""


class Kind(StrEnum):
    """What can be made to go wrong."""

    ERRORS = "errors"
    SLOW = "slow"
    SATURATED = "saturated"


class Switch(BaseModel):
    """The body of ``POST /demo/faults``."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    on: Literal[True, False]


class Faults:
    """The faults that are on in this process."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._on: set[Kind] = set()
        self._held = 0

    def switch(self, kind: Kind, *, on: bool) -> list[Kind]:
        """Turn a fault on or off; return those that are on."""
        with self._changed:
            (self._on.add if on else self._on.discard)(kind)
            self._changed.notify_all()
            return sorted(self._on)

    def hit(self) -> None:
        """Let a request suffer from what is on.

        Raises:
            Broken: errors are on.

        """
        with self._changed:
            if Kind.SATURATED in self._on and self._held < HELD_AT_ONCE:
                self._held += 1
                self._changed.wait_for(lambda: Kind.SATURATED not in self._on, HELD_S)
                self._held -= 1
            if Kind.SLOW in self._on:
                self._changed.wait_for(lambda: Kind.SLOW not in self._on, SLOW_S)
            if Kind.ERRORS in self._on:
                raise Broken("This failure was switched on for a demonstration.")


def init_app(app: Flask) -> None:
    """Offer the switch and let every other request meet the faults."""
    faults = Faults()
    bp = Blueprint("faults", __name__)

    @bp.post("/demo/faults")
    def switch() -> ResponseReturnValue:
        authenticate(Scope.ADMIN)
        body = read(Switch)
        return jsonify(on=faults.switch(body.kind, on=body.on)), HTTPStatus.OK

    @app.before_request
    def suffer() -> Response | None:
        if request.endpoint not in UNCOUNTED and request.blueprint != bp.name:
            faults.hit()
        return None

    csrf.exempt(bp)
    app.register_blueprint(bp)
