"""Values that the chart's schema allows, drawn at random: a few properties from anywhere in it."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from tests.chart.rendering import CHART

SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
NOT_DRAWN = {("extraObjects",), ("monitoring", "rules", "disabled"), ("monitoring", "rules", "alerts")}
"""Objects of the user's own, and names that only the chart's alerts have."""
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn", "Zl", "Zp"))
ODD = ("1e3", "2026", "null", "on", "0x1f", "a: b", "#a", "{a}", "'")
"""Texts that YAML would take for something else where nobody quotes them."""
DEPTH = 4
type Path = tuple[str, ...]


def leaves(schema: dict[str, Any] = SCHEMA, path: Path = ()) -> list[tuple[Path, dict[str, Any]]]:
    """Return every property that has none below it, with its schema."""
    if (
        schema.get("properties")
        and schema.get("additionalProperties") in (False, True)
        and "$ref" not in schema
    ):
        return [leaf for key, below in schema["properties"].items() for leaf in leaves(below, (*path, key))]
    return [] if path in NOT_DRAWN else [(path, schema)]


def matching(schema: dict[str, Any], depth: int = DEPTH) -> st.SearchStrategy[Any]:
    """Return values of one schema; objects below `depth` have only what they must."""
    if "$ref" in schema:
        return st.deferred(lambda: matching(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], depth))
    if "then" in schema:
        return st.one_of(st.just({}), matching(schema["then"], depth))
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of(*(matching(choice, depth) for choice in choices))
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    # What is null is as if it were not there.
    return st.one_of(*(of_kind(kind, schema, depth) for kind in kinds if kind != "null"))


def of_kind(kind: str, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Return values of one schema and one of its types."""
    if kind == "string":
        return texts(schema)
    if kind == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 2_000_000))
    if kind == "number":
        return st.floats(schema.get("minimum", 0), schema.get("maximum", 1000), allow_nan=False)
    if kind == "array":
        few = max(schema.get("minItems", 0), 2 if depth > 0 else 0)
        items = matching(schema.get("items", {}), depth - 1)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=few)
    if kind == "object":
        return objects(schema, depth)
    return st.booleans()


def texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Return texts of one schema, but for templates: Helm itself refuses a broken one."""
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 500)
    if "pattern" not in schema:
        drawn = st.one_of(st.sampled_from(ODD), st.text(LETTERS, max_size=12))
        return drawn.filter(lambda text: shortest <= len(text) <= longest and "{{" not in text)
    odd = [word for word in ODD if re.search(schema["pattern"], word)]
    drawn = st.one_of(*map(st.just, odd), st.from_regex(schema["pattern"], fullmatch=True, alphabet=LETTERS))
    return drawn.filter(lambda text: shortest <= len(text) <= longest and "{{" not in text)


def objects(schema: dict[str, Any], depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects of one schema."""
    known, must = schema.get("properties", {}), schema.get("required", [])
    if known:
        may = [key for key in known if key not in must] if depth > 0 else []
        chosen = st.lists(st.sampled_from(may), max_size=3, unique=True) if may else st.just([])
        return chosen.flatmap(
            lambda keys: st.fixed_dictionaries(
                {key: matching(known[key], depth - 1) for key in [*must, *keys]}
            )
        )
    below = schema.get("additionalProperties", {})
    below = {"type": "string"} if below in (True, False, {}) else below
    keys = matching({"pattern": "^[a-z]{1,8}$"} | schema.get("propertyNames", {})).filter(bool)
    first = st.fixed_dictionaries({key: matching(below, 0) for key in must})
    if depth <= 0:
        return first
    return st.builds(dict.__or__, st.dictionaries(keys, matching(below, depth - 1), max_size=2), first)


@st.composite
def values(draw: st.DrawFn, *, most: int) -> dict[str, Any]:
    """Return values with up to `most` properties set."""
    found: dict[str, Any] = {}
    for path, schema in draw(
        st.lists(st.sampled_from(leaves()), max_size=most, unique_by=lambda leaf: leaf[0])
    ):
        place = found
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = draw(matching(schema))
    return found
