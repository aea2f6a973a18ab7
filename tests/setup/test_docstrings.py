"""A public function's docstring names what it raises by itself, as a sentence or in a section.

ruff's DOC501 and pydoclint read sections only, and take a function that makes an error for
its name.
Inner functions without a docstring are left out.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.setup.conftest import ROOT

PACKAGES = ("contract", "serving", "gate", "webhook", "app", "automation", "cli")
# Flow of control, not an error that a caller handles.
LEAVING = {"NotImplementedError", "SystemExit", "KeyboardInterrupt", "StopIteration"}
type Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[Path, Function]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                is_public = isinstance(node, Function.__value__) and not node.name.startswith("_")
                if is_public and ast.get_docstring(node):
                    yield path, node


def raised(body: list[ast.stmt], caught: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield names of errors that statements raise and do not catch; inner functions are their own."""
    for node in body:
        if isinstance(node, Function.__value__ | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = error.id if isinstance(error, ast.Name) else getattr(error, "attr", "")
            if name[:1].isupper() and name not in caught:
                yield name
        elif isinstance(node, ast.Try):
            handled = {name for handler in node.handlers for name in names(handler.type)}
            yield from raised(node.body, caught | handled)
            for handler in node.handlers:
                yield from raised(handler.body, caught)
            yield from raised(node.orelse + node.finalbody, caught)
        else:
            for field in ("body", "orelse", "cases"):
                inner = getattr(node, field, [])
                yield from raised(
                    [statement for case in inner for statement in getattr(case, "body", [])]
                    if field == "cases"
                    else inner,
                    caught,
                )


def names(kind: ast.expr | None) -> set[str]:
    """Return the last parts of the errors that a handler names."""
    if kind is None:
        return set()
    return {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(kind) if isinstance(node, ast.Attribute)
    }


def unnamed(function: Function) -> set[str]:
    """Return what a function raises and its docstring does not name."""
    text = ast.get_docstring(function) or ""
    said = text[text.lower().find("raises") :] if "raises" in text.lower() else ""
    return {name for name in raised(function.body) if name not in LEAVING and name not in said}


def test_the_docstring_of_a_public_function_names_what_it_raises():
    found = {
        f"{path.relative_to(ROOT)}:{function.name}": names
        for path, function in functions()
        if (names := unnamed(function))
    }
    assert not found, "\n".join(f"{place}: {', '.join(sorted(names))}" for place, names in found.items())


def test_the_check_sees_an_error_and_passes_over_what_is_caught_or_named():
    source = '''
def named():
    """Do it. Raises OSError."""
    raise OSError("no")

def caught():
    try:
        raise KeyError
    except KeyError:
        return

def unnamed_in_a_block():
    """Do it."""
    with open("x"):
        if True:
            raise ValueError("no")
'''
    found = {node.name: unnamed(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    assert found == {"named": set(), "caught": set(), "unnamed_in_a_block": {"ValueError"}}
