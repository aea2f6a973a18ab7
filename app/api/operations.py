"""How a view becomes an operation of the API: scope, body, query and answer are declared once.

The declaration checks requests and is what the OpenAPI document is made from.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel

from app.api import auth, bodies, idempotency, limits
from app.api.schemas.base import Tagged
from app.records.accounts import Scope

bp = Blueprint("api", __name__, url_prefix="/api/v1")

type Answer = tuple[BaseModel, HTTPStatus] | BaseModel


@dataclass(frozen=True)
class Operation:
    """What is declared of one operation."""

    method: str
    scope: Scope
    answers: type[BaseModel]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    statuses: tuple[HTTPStatus, ...]
    is_change: bool

    @property
    def is_tagged(self) -> bool:
        """Say whether the answer carries an ``ETag``."""
        return issubclass(self.answers, Tagged)


def operation(
    method: str,
    path: str,
    *,
    scope: Scope,
    answers: type[BaseModel],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    statuses: tuple[HTTPStatus, ...] = (HTTPStatus.OK,),
    is_change: bool = False,
) -> Callable[[Callable[..., Answer]], Callable[..., Response]]:
    """Register a view: it gets checked objects for ``body`` and ``query`` and returns one of ``answers``.

    Its status is the first of ``statuses``, unless it returns another one of them with the answer.
    ``is_change`` says that it changes something that exists: it looks at ``If-Match``.
    """
    declared = Operation(method, scope, answers, body, query, statuses, is_change)

    def decorate(view: Callable[..., Answer]) -> Callable[..., Response]:
        @wraps(view)
        def checked(**arguments: Any) -> Response:
            token = auth.authenticate(scope)
            if scope is not Scope.AUTOMATION:
                # Reports must arrive; a heartbeat that is turned away would raise an alarm.
                limits.count(token)
            if query is not None:
                arguments["query"] = bodies.arguments(query)
            if body is not None:
                arguments["body"] = bodies.read(body)
            if method == "POST":
                return idempotency.once(token, lambda: _respond(view(**arguments), declared))
            return _respond(view(**arguments), declared)

        checked.__dict__["operation"] = declared
        bp.add_url_rule(path, view_func=checked, methods=[method])
        return checked

    return decorate


def _respond(answer: Answer, declared: Operation) -> Response:
    model, status = answer if isinstance(answer, tuple) else (answer, declared.statuses[0])
    response = current_app.response_class(
        model.model_dump_json(), status=status, content_type="application/json"
    )
    if isinstance(model, Tagged):
        response.set_etag(model.etag())
        if declared.method == "GET":
            response.make_conditional(request)
    return response
