"""Health, for machines only."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.accounts.access import public
from app.ops import health

bp = Blueprint("ops", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """Say that the process answers; what it depends on is not asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Say whether requests can be served: each check by name."""
    checks = health.checks()
    is_ready = all(result == "ok" for result in checks.values())
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return jsonify(status="ok" if is_ready else "unavailable", checks=checks), status
