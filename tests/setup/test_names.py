"""The names of tests are statements that fit on a line, and each is there once in its file."""

import ast
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LONGEST = 79
FILES = sorted(TESTS.glob("**/test_*.py"))


def names(body: list[ast.stmt], room: str = "") -> list[tuple[str, str]]:
    """Return the tests, each with the class it is in."""
    found = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            found += names(node.body, node.name)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            found.append((room, node.name))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TESTS)))
def test_names_of_tests_are_short_and_differ(file):
    counted = Counter(names(ast.parse(file.read_text()).body))
    assert [name for _, name in counted if len(name) > LONGEST] == []
    assert [name for (_, name), times in counted.items() if times > 1] == []
