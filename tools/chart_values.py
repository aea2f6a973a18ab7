"""Makes the chart's schema, its README.md and docs/chart-values.md from values.yaml, the one place to edit.

A comment ``# -- text`` above a property describes it; ``# @schema {…}`` adds to what the default's type says.
A map whose properties are described is closed: a typo is refused.

usage: python -m tools.chart_values [--check]    (change nothing; exit status 1 if a file is out of date)
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tools.chart_schemas import definitions

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "charts" / "oims"
README_HEAD = ROOT / "tools" / "chart_readme.md"
KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][A-Za-z0-9]*):(?P<rest>.*)$")
COMMENT = re.compile(r"^ *# (?P<text>.*)$")
TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
RESOURCES = {"type": "object", "$ref": "#/$defs/io.k8s.api.core.v1.ResourceRequirements"}


class ValuesError(Exception):
    """values.yaml breaks a rule of this tool; the message names the line."""


@dataclass
class Property:
    """One described property of values.yaml."""

    path: tuple[str, ...]
    description: str
    default: Any
    constraint: dict[str, Any]
    children: list["Property"] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The property's own name, without its parents'."""
        return self.path[-1]


def described_keys(text: str) -> Iterator[tuple[int, tuple[str, ...], str, dict[str, Any]]]:
    """Yield line number, path, description and constraint of each described key.

    Raises ValuesError for a key without a description, unless it is part of a described default.
    """
    path: list[tuple[int, str]] = []
    description, constraint, closed_by = "", {}, None
    for number, line in enumerate(text.splitlines(), start=1):
        if comment := COMMENT.match(line):
            words = comment["text"]
            if words.startswith("-- "):
                description = words.removeprefix("-- ")
            elif words.startswith("@schema "):
                constraint = yaml.safe_load(words.removeprefix("@schema "))
            continue
        found = KEY.match(line)
        if not found:
            continue
        indent = len(found["indent"])
        if closed_by is not None and indent > closed_by:
            continue
        while path and path[-1][0] >= indent:
            path.pop()
        path.append((indent, found["key"]))
        if not description:
            raise ValuesError(
                f"values.yaml line {number}: {found['key']} has no description: write # -- above"
            )
        yield number, tuple(name for _, name in path), description, constraint
        # A default that is a map on the next lines, such as resources, is no group of properties.
        closed_by = indent if found["key"] == "resources" else None
        description, constraint = "", {}


def read(text: str) -> list[Property]:
    """Return the top-level properties of values.yaml with all below them.

    Raises ValuesError where a description or a constraint is missing or wrong.
    """
    values = yaml.safe_load(text)
    top: list[Property] = []
    by_path: dict[tuple[str, ...], Property] = {}
    for number, path, description, constraint in described_keys(text):
        default = values
        for name in path:
            default = default[name]
        if path in by_path:
            raise ValuesError(f"values.yaml line {number}: {'.'.join(path)} is there twice")
        by_path[path] = Property(path, description, default, constraint)
        (by_path[path[:-1]].children if len(path) > 1 else top).append(by_path[path])
    return top


def schema_of(item: Property) -> dict[str, Any]:
    """Return the JSON schema of one property."""
    if item.name == "resources":
        return {"description": item.description, **RESOURCES}
    if item.default is None and "type" not in item.constraint:
        raise ValuesError(f"values.yaml: {'.'.join(item.path)} is null: say its type by @schema {{type: …}}")
    schema: dict[str, Any] = {"description": item.description}
    if item.default is not None:
        schema["type"] = TYPES[type(item.default)]
    if item.children:
        schema["additionalProperties"] = False
        schema["properties"] = {child.name: schema_of(child) for child in item.children}
    return schema | item.constraint


def schema(properties: list[Property]) -> str:
    """Return values.schema.json. Raises KeyError for a definition that nobody knows."""
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart oims",
        "type": "object",
        "additionalProperties": False,
        "properties": {item.name: schema_of(item) for item in properties}
        | {
            "enabled": {
                "type": "boolean",
                "description": "For a parent chart, which switches this one by it.",
            }
        },
    }
    whole["$defs"] = definitions(whole)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def rows(item: Property) -> Iterator[str]:
    """Yield the table rows of a property: its own, or those of all below it."""
    for child in item.children:
        yield from rows(child)
    if item.children:
        return
    schema_type = schema_of(item)["type"]
    kind = " or ".join(schema_type) if isinstance(schema_type, list) else schema_type
    if "enum" in item.constraint:
        kind = ", ".join(f"`{choice}`" for choice in item.constraint["enum"])
    default = json.dumps(item.default, ensure_ascii=False)
    yield f"| `{'.'.join(item.path)}` | {item.description} | {kind} | `{default}` |"


def tables(properties: list[Property], *, level: int) -> str:
    """Return a heading of that level and a table for each group of values."""
    lines = []
    table = ["", "| Property | Meaning | Type | Default |", "| --- | --- | --- | --- |"]
    for item in properties:
        if item.children:
            lines += ["", f"{'#' * level} {item.name}", "", item.description, *table, *rows(item)]
    lines += ["", f"{'#' * level} General", *table]
    for item in properties:
        if not item.children:
            lines += rows(item)
    return "\n".join(lines) + "\n"


def document(properties: list[Property]) -> str:
    """Return docs/chart-values.md."""
    made = "Made from `charts/oims/values.yaml` by `tools/chart_values.py`; edit there."
    return f"# Values of the chart\n\n{made}\n{tables(properties, level=2)}"


def readme(properties: list[Property]) -> str:
    """Return the chart's README.md, which a package carries with it."""
    made = "<!-- Made from values.yaml and tools/chart_readme.md by tools/chart_values.py; edit there. -->"
    head = README_HEAD.read_text(encoding="utf-8")
    return f"{made}\n\n{head}\n## Values\n{tables(properties, level=3)}"


def main() -> int:
    """Write or check the files; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Make the chart's schema, README and values page.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file is out of date")
    check = parser.parse_args().check
    try:
        properties = read((CHART / "values.yaml").read_text(encoding="utf-8"))
        made = {
            CHART / "values.schema.json": schema(properties),
            CHART / "README.md": readme(properties),
            ROOT / "docs" / "chart-values.md": document(properties),
        }
    except ValuesError as error:
        sys.stderr.write(f"chart_values: {error}\n")
        return 1
    stale = [
        path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if check:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run python -m tools.chart_values\n")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
