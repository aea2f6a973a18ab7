"""Checks the English of Markdown files: phrases, sentence openings and sentence length, by tools/prose.yml.

usage: python -m tools.prose FILE...
exit status: 0 nothing found, 1 something found
"""

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pydantic import BaseModel, ConfigDict

STYLE = Path(__file__).with_suffix(".yml")
CODE = "`code`"
"""Stands for a code span, whatever it holds."""
SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|$)", re.DOTALL)
PARSER = MarkdownIt("commonmark").enable("table")


class Rule(BaseModel):
    """A pattern and what to write instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: re.Pattern[str]
    say: str


class Style(BaseModel):
    """What tools/prose.yml holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    longest_sentence: int
    """In words."""
    phrases: list[Rule]
    openings: list[Rule]


class Finding(NamedTuple):
    """One place to edit; lines count from 1."""

    line: int
    text: str
    say: str


def style() -> Style:
    """Return the style of this project."""
    return Style.model_validate(yaml.safe_load(STYLE.read_text()))


def check(markdown: str, rules: Style) -> list[Finding]:
    """Return what is to be edited in a Markdown text, in its order."""
    found = [
        Finding(line + text[:start].count("\n"), part, say)
        for line, text, is_heading in _prose(markdown)
        for start, part, say in _in_block(text, rules, is_heading=is_heading)
    ]
    return sorted(found)


def _prose(markdown: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each block of prose with its first line and whether it is a heading, also of a column."""
    tokens = PARSER.parse(markdown)
    for before, token in pairwise(tokens):
        if token.type == "inline" and token.map and token.children:
            text = "".join(_text(child) for child in token.children)
            yield token.map[0] + 1, text, before.type in {"heading_open", "th_open"}


def _text(token: Token) -> str:
    if token.type == "code_inline":
        return CODE
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content if token.type == "text" else ""


def _in_block(text: str, rules: Style, *, is_heading: bool) -> Iterator[tuple[int, str, str]]:
    flat = text.replace("\n", " ")
    for rule in rules.phrases:
        for match in re.finditer(rule.match.pattern, flat, re.IGNORECASE):
            yield match.start(), match[0], rule.say
    if is_heading:
        return
    for sentence in SENTENCE.finditer(flat):
        words = sentence[0].split()
        start = sentence.start() + len(sentence[0]) - len(sentence[0].lstrip())
        if len(words) > rules.longest_sentence:
            yield start, f"{' '.join(words[:6])} …", f"{len(words)} words: make it two sentences"
        for rule in rules.openings:
            if rule.match.match(sentence[0].lstrip()) and not sentence[0].rstrip().endswith("?"):
                yield start, " ".join(words[:4]), rule.say


def main(names: list[str]) -> int:
    """Print what is found, one line each, and return the exit status."""
    rules = style()
    found = [(name, finding) for name in names for finding in check(Path(name).read_text(), rules)]
    for name, (line, text, say) in found:
        print(f"{name}:{line}: {text}: {say}")  # noqa: T201 - the command's output
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
