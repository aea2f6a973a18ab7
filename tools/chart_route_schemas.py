"""The chart's schema of what goes into an HTTPRoute, which is no part of Kubernetes' own API."""

from typing import Any


def closed_object(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has these properties and no others."""
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": list(required)} if required else {})


def _filter(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a filter of an HTTPRoute: its type, and the one field that is named like it."""
    field = "urlRewrite" if kind == "URLRewrite" else kind[0].lower() + kind[1:]
    return closed_object("type", field, type={"const": kind}, **{field: schema})


ROUTES: dict[str, dict[str, Any]] = {
    "routeMatch": closed_object(
        path=closed_object(
            type={"enum": ["Exact", "PathPrefix", "RegularExpression"]},
            value={"type": "string", "pattern": "^/[!-~]*$", "maxLength": 1024},
        ),
        method={"enum": ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]},
        headers={"type": "array", "items": {"$ref": "#/$defs/routeValue"}, "maxItems": 16},
        queryParams={"type": "array", "items": {"$ref": "#/$defs/routeValue"}, "maxItems": 16},
    ),
    "routeValue": closed_object(
        "name",
        "value",
        type={"enum": ["Exact", "RegularExpression"]},
        name={"type": "string", "pattern": r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", "maxLength": 256},
        value={"type": "string", "minLength": 1, "maxLength": 1024},
    ),
    "routeFilter": {
        "type": "object",
        "oneOf": [
            _filter("RequestHeaderModifier", {"$ref": "#/$defs/routeHeaders"}),
            _filter("ResponseHeaderModifier", {"$ref": "#/$defs/routeHeaders"}),
            _filter(
                "RequestRedirect",
                closed_object(
                    scheme={"enum": ["http", "https"]},
                    hostname={"$ref": "#/$defs/fixedHost"},
                    path={"$ref": "#/$defs/routePath"},
                    port={"$ref": "#/$defs/port"},
                    statusCode={"enum": [301, 302, 303, 307, 308]},
                ),
            ),
            _filter(
                "URLRewrite",
                closed_object(hostname={"$ref": "#/$defs/fixedHost"}, path={"$ref": "#/$defs/routePath"}),
            ),
            _filter(
                "RequestMirror",
                closed_object(
                    "backendRef",
                    backendRef=closed_object(
                        "name",
                        "port",
                        name={"$ref": "#/$defs/label"},
                        namespace={"$ref": "#/$defs/label"},
                        port={"$ref": "#/$defs/port"},
                    ),
                    percent={"type": "integer", "minimum": 0, "maximum": 100},
                ),
            ),
            _filter(
                "ExtensionRef",
                closed_object(
                    "group",
                    "kind",
                    "name",
                    group={"$ref": "#/$defs/fixedHost"},
                    kind={
                        "type": "string",
                        "pattern": "^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$",
                        "maxLength": 63,
                    },
                    name={"$ref": "#/$defs/fixedHost"},
                ),
            ),
        ],
    },
    "routePath": {
        "type": "object",
        "oneOf": [
            closed_object(
                "type",
                f"r{kind[1:]}",
                type={"const": kind},
                **{f"r{kind[1:]}": {"type": "string", "pattern": "^/[!-~]*$", "maxLength": 1024}},
            )
            for kind in ("ReplaceFullPath", "ReplacePrefixMatch")
        ],
    },
    "routeHeaders": closed_object(
        set={"type": "array", "items": {"$ref": "#/$defs/routeHeader"}, "maxItems": 16},
        add={"type": "array", "items": {"$ref": "#/$defs/routeHeader"}, "maxItems": 16},
        remove={"type": "array", "items": {"type": "string"}, "maxItems": 16},
    ),
    "routeHeader": closed_object(
        "name",
        "value",
        name={"type": "string", "pattern": r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", "maxLength": 256},
        value={"type": "string", "minLength": 1, "maxLength": 4096},
    ),
}
