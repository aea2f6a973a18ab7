"""The English of the documentation is held to tools/prose.yml, and each of its rules finds something."""

import pytest

from tools import prose

STYLE = prose.style()
LONG = " ".join(["word"] * STYLE.longest_sentence)


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("So many alerts.", "So many"),
        ("It brings in a person.", "brings in a person"),
        ("A page that nobody\nreads.", "nobody"),
        ("What fires is repaired.", "What fires is repaired."),
        ("| a | b |\n| --- | --- |\n| Who may register. | yes |", "Who may register."),
        (f"{LONG} word.", "word word word word word word …"),
    ],
)
def test_it_finds(markdown, found):
    assert [finding.text for finding in prose.check(markdown, STYLE)] == [found]


@pytest.mark.parametrize(
    "markdown",
    [
        "The code `so many` and\n\n```\nso many\n```\n",
        "## What fires\n\nWhat fires? An alert.\n",
        f"{LONG}. Another sentence.",
        "A dead letter.",
    ],
)
def test_it_leaves_alone(markdown):
    assert prose.check(markdown, STYLE) == []


def test_a_finding_names_its_line_and_what_to_write(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nA line,\nand somebody.\n")
    assert prose.main([str(page)]) == 1
    assert capsys.readouterr().out == f'{page}:4: somebody: write "someone"\n'


def test_a_clean_page_is_fine(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nA sentence.\n")
    assert prose.main([str(page)]) == 0
