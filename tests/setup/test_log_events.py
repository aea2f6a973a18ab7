"""Log events have names that programs can look for, not sentences."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "automation", "cli", "contract", "demo", "gate", "serving", "webhook")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
NAME = re.compile(r"[a-z][a-z0-9_]*")


def events(path):
    """Yield each text that a module logs as the name of an event, with its place."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level), args=[first, *_]) if (
                level in LEVELS
            ):
                for part in ast.walk(first):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path.relative_to(ROOT)}:{part.lineno}", part.value


def test_every_log_event_has_a_snake_case_name():
    found = [
        event for package in PACKAGES for path in (ROOT / package).rglob("*.py") for event in events(path)
    ]
    assert len(found) > 50
    assert [(place, name) for place, name in found if not NAME.fullmatch(name)] == []
