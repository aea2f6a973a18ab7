"""The page that shows the API to people: the OpenAPI document, behind the log-in like every page."""

from typing import Any

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from app.accounts.access import requires
from app.api import openapi
from app.records.accounts import Role

bp = Blueprint("reference", __name__)


@bp.app_template_filter("kind")
def kind(schema: dict[str, Any]) -> str:
    """Return a schema in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "enum" in schema:
        return " | ".join(str(choice) for choice in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(kind(choice) for choice in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


@bp.get("/reference")
@requires(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Show every operation with what it takes and gives."""
    document = openapi.document(current_app)
    schemas = document["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            groups.setdefault(described["tags"][0], []).append(_operation(path, method, described, schemas))
    return render_template(
        "api/reference.html", groups=groups, base_url=current_app.config["SETTINGS"].base_url
    )


def _operation(path: str, method: str, described: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    success = next(
        response["content"]["application/json"]["schema"]
        for status, response in described["responses"].items()
        if status.startswith("20")
    )
    return {
        "id": described["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": described["summary"],
        "scope": described["x-scope"],
        "parameters": described["parameters"],
        "fields": _fields(_resolved(body, schemas)) if body else [],
        "answer": _fields(_resolved(success, schemas)),
        "responses": [(status, given["description"]) for status, given in described["responses"].items()],
    }


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return found


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": kind(field),
            "is_required": name in required,
            "description": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]
