"""What import-linter cannot see: names of the web server's library, and imports of other web servers."""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("contract", "serving", "gate", "webhook", "app", "automation", "cli")
FILES = sorted(path for part in PARTS for path in (ROOT / part).rglob("*.py"))


@functools.cache
def imported(path):
    """The modules a file imports, with their full names."""
    return frozenset(_imported(path))


def _imported(path):
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


def wrong(is_wrong):
    """The files with an import that is wrong, and which: each is judged by the file and the name."""
    found = {
        str(path.relative_to(ROOT)): sorted(name for name in imported(path) if is_wrong(path, name))
        for path in FILES
    }
    return {path: names for path, names in found.items() if names}


def test_there_is_something_to_look_at():
    assert {path.relative_to(ROOT).parts[0] for path in FILES} == set(PARTS)
    assert "webhook.journal" in imported(ROOT / "webhook" / "__init__.py")


def test_only_the_web_server_knows_tornado_and_only_its_public_names():
    def is_private(path, name):
        first, *others = name.split(".")
        is_public = path.is_relative_to(ROOT / "serving") and not any(word.startswith("_") for word in others)
        return first == "tornado" and not is_public

    assert wrong(is_private) == {}


def test_nothing_imports_another_web_server():
    servers = {"gunicorn", "granian", "waitress", "uvicorn", "hypercorn", "gevent"}

    assert wrong(lambda _path, name: name.split(".")[0] in servers) == {}
