"""Writes docs/settings.md from the settings objects themselves: `make docs`."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

from pydantic import AnyHttpUrl, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from app.config import Settings as AppSettings
from automation.config import Settings as AutomationSettings
from webhook.config import Bytes, Seconds
from webhook.config import Settings as WebhookSettings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

PARTS: tuple[tuple[str, type[BaseSettings], str], ...] = (
    ("Webhook", WebhookSettings, "`python -m webhook` reads these."),
    ("Incident app", AppSettings, "`python -m app web`, `worker` and `migrate` read these."),
    (
        "Automation",
        AutomationSettings,
        "`python -m automation follow` reads these; `scripts/monitor_alerts.sh --help` names the script's.",
    ),
)

INTRODUCTION = """\
# Settings

<!-- Written by `make docs` from the settings objects of the three packages: change those instead. -->

Every setting is an environment variable. Each part reads its own once, when it starts, and refuses to start
if one is missing or wrong: the message names each such variable and what to do.

A secret is given as `NAME` or, better, as `NAME_FILE`: the path of a file that holds it, such as a mounted
Kubernetes Secret. Giving both is an error.
"""

TIME_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001))
SIZE_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))
TYPE_WORDS = {bool: "`true` or `false`", int: "whole number", float: "number", Path: "path"}
TYPE_WORDS |= {tuple: "list, separated by commas", dict: "pairs, separated by commas"}
TYPE_WORDS |= {timedelta: "time, such as `15s` or `5m`", AnyHttpUrl: "address with http:// or https://"}


def page() -> str:
    """Return the whole page as Markdown."""
    sections = [
        f"## {title}\n\n{sentence}\n\n" + "\n".join(_table(settings)) for title, settings, sentence in PARTS
    ]
    return "\n".join([INTRODUCTION, "\n\n".join(sections), ""])


def _table(settings: type[BaseSettings]) -> Iterator[str]:
    fields = settings.model_fields
    prefix = settings.model_config["env_prefix"]
    yield "| Variable | Meaning | Value | Default |"
    yield "| --- | --- | --- | --- |"
    for name, field in fields.items():
        if name.removesuffix("_file") in fields and name.endswith("_file"):
            continue  # stands in the row of the secret that it holds
        variable = f"{prefix}{name.upper()}"
        shown = f"`{variable}`, `{variable}_FILE`" if _is_secret(field) else f"`{variable}`"
        # Where the file has a field of its own, the two together are required: neither alone can be.
        required = field.is_required() or f"{name}_file" in fields
        default = "required" if required else default_text(field)
        yield f"| {shown} | {_cell(field.description or '')} | {_value(field)} | {default} |"


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in _types(field)


def _types(field: FieldInfo) -> tuple[Any, ...]:
    annotation = field.annotation
    if isinstance(annotation, UnionType):
        return tuple(item for item in get_args(annotation) if item is not NoneType)
    return (annotation,)


def _is_a(field: FieldInfo, alias: Any) -> bool:
    return alias.__metadata__[0] in field.metadata


def _value(field: FieldInfo) -> str:
    """Say in words what may stand in the variable."""
    if _is_secret(field):
        return "secret"
    if _is_a(field, Seconds):
        return "time, such as `15s` or `5m`"
    if _is_a(field, Bytes):
        return "size, such as `512MiB`"
    kind = _types(field)[0]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    return TYPE_WORDS.get(get_origin(kind) or kind, "text") + _range(field)


def _range(field: FieldInfo) -> str:
    bounds = {
        key: _bound(getattr(item, key))
        for item in field.metadata
        for key in ("ge", "le")
        if hasattr(item, key)
    }
    if len(bounds) == len(("ge", "le")):
        return f", {bounds['ge']} to {bounds['le']}"
    return f", at least {bounds['ge']}" if bounds else ""


def _bound(value: object) -> object:
    return _with_unit(value.total_seconds(), TIME_UNITS) if isinstance(value, timedelta) else value


def default_text(field: FieldInfo) -> str:
    """Write a default as a person would type it; empty where there is none."""
    default = field.default
    if field.is_required() or field.default_factory or default in (None, "", (), {}):
        return ""
    if isinstance(default, timedelta):
        return f"`{_with_unit(default.total_seconds(), TIME_UNITS)}`"
    if _is_a(field, Seconds):
        return f"`{_with_unit(default, TIME_UNITS)}`"
    if _is_a(field, Bytes):
        return f"`{_with_unit(default, SIZE_UNITS)}`"
    if isinstance(default, tuple):
        return f"`{','.join(map(str, default))}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _with_unit(amount: float, units: tuple[tuple[str, float], ...]) -> str:
    """Write an amount in the largest unit that leaves a whole number."""
    for unit, size in units:
        if amount >= size and amount % size == 0:
            return f"{amount / size:g}{unit}"
    return f"{amount:g}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
