"""The OpenAPI document, made from the declared operations."""

import re
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from app.api import idempotency, limits, preconditions
from app.api.operations import Operation, bp, operation
from app.api.schemas.base import Document, Problem
from app.paging import MAX_ID
from app.records.accounts import Scope

INTRODUCTION = """\
Every request needs an API token: `Authorization: Bearer <token>`. Errors are `application/problem+json`.
Lists come in parts: pass `next` of an answer as `cursor`. Times are RFC 3339 in UTC."""

MEANINGS = {
    HTTPStatus.OK: "Done.",
    HTTPStatus.CREATED: "Made.",
    HTTPStatus.NOT_MODIFIED: "It still is what the tag in `If-None-Match` stands for.",
    HTTPStatus.BAD_REQUEST: "The request is malformed.",
    HTTPStatus.UNAUTHORIZED: "There is no usable token.",
    HTTPStatus.FORBIDDEN: "The token lacks the scope.",
    HTTPStatus.NOT_FOUND: "There is no such thing.",
    HTTPStatus.METHOD_NOT_ALLOWED: "No such thing has this method; a number beyond 2,147,483,647 names none.",
    HTTPStatus.CONFLICT: "Its state does not allow this.",
    HTTPStatus.PRECONDITION_FAILED: "It was changed since; `errors` says what happened.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 1 MiB.",
    HTTPStatus.REQUEST_URI_TOO_LONG: "The address is longer than 4 KB.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Some fields need another value; `errors` names them.",
    HTTPStatus.TOO_MANY_REQUESTS: "The token asked too often; `Retry-After` says when to ask again.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A defect of ours; the log knows the request id.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database does not answer; nothing was changed, try again.",
}
ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)

_PARAMETER = re.compile(r"<(?:(int):)?(\w+)>")
_REFERENCES = "#/components/schemas/{model}"
_ID = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
_NAME = {"type": "string", "minLength": 1, "pattern": "^[!-.0-~]+$"}
_TEXT = {"type": "string"}
_RATE_HEADERS = {
    limits.POLICY: {
        "description": "How many requests the token may send in how many seconds.",
        "schema": _TEXT,
    },
    limits.STATE: {"description": "What is left, and the seconds until all is back.", "schema": _TEXT},
}

type Schemas = dict[tuple[Any, JsonSchemaMode], dict[str, Any]]


@operation("GET", "/openapi.json", scope=Scope.READ, answers=Document)
def show() -> Document:
    """Show this document."""
    if "openapi" not in current_app.extensions:  # it costs more than any answer, and never changes
        current_app.extensions["openapi"] = Document.model_validate(document(current_app))
    shown: Document = current_app.extensions["openapi"]
    return shown


def document(app: Flask) -> dict[str, Any]:
    """Return the document of all operations of this app."""
    found = operations(app)
    schemas, definitions = models_json_schema(
        _models([declared for _, declared in found]), ref_template=_REFERENCES
    )
    paths: dict[str, dict[str, Any]] = {}
    for rule, declared in found:
        path = _PARAMETER.sub(r"{\2}", rule.rule)
        description = app.view_functions[rule.endpoint].__doc__ or ""
        described = _described(rule, declared, description, schemas)
        paths.setdefault(path, {})[declared.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "OIMS", "version": "1", "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def operations(app: Flask) -> list[tuple[Rule, Operation]]:
    """Return the app's operations with their rules, by address and method."""
    found = [
        (rule, declared)
        for rule in app.url_map.iter_rules()
        if isinstance(
            declared := getattr(app.view_functions.get(rule.endpoint), "operation", None), Operation
        )
    ]
    return sorted(found, key=lambda pair: (pair[0].rule, pair[1].method))


def _models(found: list[Operation]) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    taken = {model for declared in found for model in (declared.body,) if model}
    given = {declared.answers for declared in found} | {Problem}
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in taken]
    models += [(model, "serialization") for model in given]
    return sorted(models, key=lambda pair: pair[0].__name__)


def _described(rule: Rule, declared: Operation, text: str, schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": rule.endpoint.removeprefix(f"{bp.name}."),
        "tags": [rule.rule.removeprefix(f"{bp.url_prefix}/").split("/")[0].partition(".")[0]],
        "summary": text.split("\n", 1)[0],
        "description": f"Needs a token with the scope `{declared.scope}`.",
        "x-scope": declared.scope,
        "parameters": [*_path_parameters(rule), *_query_parameters(declared), *_header_parameters(declared)],
        "responses": _responses(rule, declared, schemas),
    }
    if declared.body is not None:
        described["requestBody"] = {
            "required": any(field.is_required() for field in declared.body.model_fields.values()),
            "content": _json(schemas[declared.body, "validation"]),
        }
    return described


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _ID if kind else _NAME}
        for kind, name in _PARAMETER.findall(rule.rule)
    ]


def _query_parameters(declared: Operation) -> list[dict[str, Any]]:
    """Describe each argument of the query; its schema stands here in full.

    Without a pattern: a control character in an address is no mistake, since a mark takes its place.
    """
    if declared.query is None:
        return []
    schema = declared.query.model_json_schema()
    inner = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "schema": {key: part for key, part in _inlined(field, inner).items() if key != "pattern"},
        }
        | ({"description": field["description"]} if "description" in field else {})
        for name, field in schema["properties"].items()
    ]


def _inlined(schema: Any, inner: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inlined(item, inner) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(inner[schema["$ref"].rsplit("/", 1)[-1]], inner)
    optional = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(optional) == 1:
        return _inlined(optional[0], inner)  # an argument that is left out is not null
    return {name: _inlined(item, inner) for name, item in schema.items() if name not in {"title", "default"}}


def _header_parameters(declared: Operation) -> list[dict[str, Any]]:
    headers = []
    if declared.is_change:
        words = "The `ETag` of what the change is based on; `*` or nothing: whatever is there."
        headers.append((preconditions.HEADER, words, preconditions.PATTERN))
    if declared.method == "POST":
        words = "Makes the request take effect once, however often it is sent within 24 hours."
        headers.append((idempotency.HEADER, words, idempotency.PATTERN))
    return [
        {"name": name, "in": "header", "description": words, "schema": _TEXT | {"pattern": pattern}}
        for name, words, pattern in headers
    ]


def _responses(rule: Rule, declared: Operation, schemas: Schemas) -> dict[str, Any]:
    refusals = {*ALWAYS}
    if _PARAMETER.search(rule.rule):
        refusals.add(HTTPStatus.NOT_FOUND)
    if declared.is_change:
        refusals |= {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}
    if declared.body is not None:
        refusals.add(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    headers = {} if declared.scope is Scope.AUTOMATION else dict(_RATE_HEADERS)
    if declared.is_tagged:
        headers["ETag"] = {"description": "Stands for the present state.", "schema": _TEXT}
    responses: dict[str, Any] = {
        str(int(status)): {
            "description": MEANINGS[status],
            "headers": headers,
            "content": _json(schemas[declared.answers, "serialization"]),
        }
        for status in declared.statuses
    }
    if declared.is_tagged and declared.method == "GET":
        status = HTTPStatus.NOT_MODIFIED
        responses[str(int(status))] = {"description": MEANINGS[status], "headers": headers}
    problem = {"application/problem+json": {"schema": schemas[Problem, "serialization"]}}
    for status in sorted(refusals):
        responses[str(int(status))] = {"description": MEANINGS[status], "content": problem}
    # The web server refuses this itself, before the app sees it.
    too_long = HTTPStatus.REQUEST_URI_TOO_LONG
    responses[str(int(too_long))] = {"description": MEANINGS[too_long], "content": {"text/html": {}}}
    return responses


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
