"""What a person can type is written down, and what is written down is so."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("**/*.md")),
    *(ROOT / name for name in ("CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")),
]
"""Every page that a reader is led to; those of the forge stand beside the README."""
TARGETS = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page):
    """Return the anchors that a forge makes of a page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in HEADING.findall(page.read_text())
    }


def links():
    for page in PAGES:
        for target in LINK.findall(page.read_text()):
            if "://" not in target:
                yield pytest.param(page, target, id=f"{page.relative_to(ROOT)} to {target}")


@pytest.fixture(scope="module")
def make_help():
    return subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, timeout=20, check=True).stdout


@pytest.mark.parametrize("target", TARGETS)
def test_make_alone_says_what_a_target_does(make_help, target):
    assert re.search(rf"^  make {target} +[A-Z].{{10}}", make_help, re.MULTILINE)


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "help"])
def test_a_target_stands_in_the_development_page(target):
    assert f"| `make {target}` |" in (ROOT / "docs/development.md").read_text()


def test_no_target_can_be_mistaken_for_a_file():
    phony = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert " ".join(phony).split() == TARGETS


def test_every_make_target_that_a_page_names_exists():
    command = re.compile(r"(?:`|^)make ([a-z0-9-]+)\b", re.MULTILINE)
    named = {name for page in PAGES for name in command.findall(page.read_text())}
    assert named <= set(TARGETS)


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_a_link_leads_somewhere(page, target):
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.exists()
    assert not anchor or anchor in anchors(file)


def linked_from(page):
    targets = (target.partition("#")[0] for target in LINK.findall(page.read_text()))
    return {(page.parent / target).resolve() for target in targets}


def test_readme_and_index_lead_to_every_page():
    assert set(PAGES[1:]) <= linked_from(ROOT / "README.md") | linked_from(ROOT / "docs/index.md")


def test_the_readme_fits_on_three_screens():
    assert len((ROOT / "README.md").read_text().splitlines()) < 150


def test_the_glossary_names_each_concept_once():
    page = (ROOT / "docs/glossary.md").read_text()
    terms = [row for row in re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE) if row not in {"Term", "---"}]
    assert len(terms) > 50
    assert len(set(terms)) == len(terms)
