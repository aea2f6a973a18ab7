"""The OpenAPI document, made from the declared operations."""

import re
from typing import Any

from flask import Flask, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.accounts.models import Scope
from app.api.operations import Operation, bp, operation
from app.api.schemas import Document

_PARAMETER = re.compile(r"<int:(\w+)>")
_REFERENCES = "#/components/schemas/{model}"


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]]
    request_id: str


@operation("GET", "/openapi.json", scope=Scope.READ, answers=Document)
def show() -> Document:
    """Show this document."""
    return Document.model_validate(document(current_app))


def document(app: Flask) -> dict[str, Any]:
    """Return the document of all operations of this app."""
    rules = [
        (rule, declared)
        for rule in app.url_map.iter_rules()
        if isinstance(
            declared := getattr(app.view_functions.get(rule.endpoint), "operation", None), Operation
        )
    ]
    models = {model for _, found in rules for model in (found.body, found.answers, found.query) if model} | {
        Problem
    }
    keyed, definitions = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=_REFERENCES,
    )
    schemas: dict[Any, dict[str, Any]] = {model: schema for (model, _), schema in keyed.items()}
    paths: dict[str, dict[str, Any]] = {}
    for rule, declared in sorted(rules, key=lambda pair: pair[0].rule):
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"})).lower()
        path = _PARAMETER.sub(r"{\1}", rule.rule)
        description = app.view_functions[rule.endpoint].__doc__ or ""
        paths.setdefault(path, {})[method] = _described(rule.rule, declared, description, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OIMS", "version": bp.url_prefix.rsplit("/", 1)[-1] if bp.url_prefix else ""},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _described(
    rule: str, declared: Operation, description: str, schemas: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}
        for name in _PARAMETER.findall(rule)
    ]
    if declared.query is not None:
        fields = declared.query.model_json_schema(ref_template=_REFERENCES)["properties"]
        parameters += [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    described: dict[str, Any] = {
        "summary": description.split("\n", 1)[0],
        "description": f"Needs a token with the scope `{declared.scope}`.",
        "parameters": parameters,
        "responses": {
            "2XX": {"description": "Done.", "content": _json(schemas[declared.answers])},
            "default": {
                "description": "Not done.",
                "content": {"application/problem+json": {"schema": schemas[Problem]}},
            },
        },
    }
    if declared.body is not None:
        described["requestBody"] = {"required": True, "content": _json(schemas[declared.body])}
    return described


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
