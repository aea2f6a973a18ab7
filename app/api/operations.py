"""How a view becomes an operation of the API: scope, body, query and answer are declared once.

The declaration checks requests and is what the OpenAPI document is made from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app
from pydantic import BaseModel

from app.accounts.models import Scope
from app.api import auth, bodies

bp = Blueprint("api", __name__, url_prefix="/api/v1")

type Answer = tuple[BaseModel, HTTPStatus] | BaseModel


@dataclass(frozen=True)
class Operation:
    """What is declared of one operation."""

    scope: Scope
    answers: type[BaseModel]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None


def operation(
    method: str,
    path: str,
    *,
    scope: Scope,
    answers: type[BaseModel],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Response]]:
    """Register a view: it gets checked objects for ``body`` and ``query`` and returns one of ``answers``."""

    def decorate(view: Callable[..., Answer]) -> Callable[..., Response]:
        @wraps(view)
        def checked(**arguments: Any) -> Response:
            auth.authenticate(scope)
            if query is not None:
                arguments["query"] = bodies.arguments(query)
            if body is not None:
                arguments["body"] = bodies.read(body)
            return _respond(view(**arguments))

        checked.__dict__["operation"] = Operation(scope, answers, body, query)
        bp.add_url_rule(path, view_func=checked, methods=[method])
        return checked

    return decorate


def _respond(answer: Answer) -> Response:
    model, status = answer if isinstance(answer, tuple) else (answer, HTTPStatus.OK)
    return current_app.response_class(model.model_dump_json(), status=status, content_type="application/json")
