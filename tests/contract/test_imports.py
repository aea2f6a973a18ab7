"""Imports point one way; the parts share contracts, never code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("contract", "serving", "gate", "webhook", "app", "automation", "cli")
FILES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))


def imported(path):
    """The modules a file imports, with their full names."""
    package = path.relative_to(ROOT).with_suffix("").parts[: -1 if path.name != "__init__.py" else None]
    if path.name == "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_there_is_something_to_look_at():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PARTS)
    assert "webhook.journal" in set(imported(ROOT / "webhook" / "__init__.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_part_never_imports_another(path):
    own = path.relative_to(ROOT).parts[0]
    foreign = {name for name in imported(path) if name.split(".")[0] in set(PARTS) - {own, "contract"}}
    if own in {"webhook", "app"}:
        foreign = {name for name in foreign if name.split(".")[0] != "serving"}

    assert foreign == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_web_server_knows_tornado_and_only_its_public_names(path):
    names = {name for name in imported(path) if name.split(".")[0] == "tornado"}

    assert path.is_relative_to(ROOT / "serving") or names == set()
    assert not {name for name in names for word in name.split(".") if word.startswith("_")}


def test_nothing_imports_another_web_server():
    servers = {"gunicorn", "granian", "waitress", "uvicorn", "hypercorn", "gevent"}

    assert not {name for path in FILES for name in imported(path) if name.split(".")[0] in servers}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_a_package_that_registers_them_imports_routes(path):
    if path.name == "__init__.py":
        return
    routes = {name for name in imported(path) if "routes" in name.split(".")}

    assert routes == set()
