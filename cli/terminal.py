"""What the person sees: tables, colours, and nothing that could steer the terminal."""

import os
import shutil
import sys
import unicodedata
from collections.abc import Sequence

from contract.runs import RunState, Verdict

RESET = "\x1b[0m"
COLOURS = {
    "critical": "\x1b[1;31m",
    "high": "\x1b[31m",
    "medium": "\x1b[33m",
    "open": "\x1b[31m",
    "acknowledged": "\x1b[33m",
    "resolved": "\x1b[32m",
    Verdict.VERIFIED: "\x1b[32m",
    RunState.SUCCEEDED: "\x1b[32m",
    Verdict.STILL_FIRING: "\x1b[31m",
    RunState.FAILED: "\x1b[31m",
    RunState.TIMED_OUT: "\x1b[31m",
}
GAP = "  "
ELLIPSIS = "…"


def has_colour() -> bool:
    """Say whether words get a colour: only on a terminal, and never with NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def clean(text: object) -> str:
    """Return text from outside as one line without control characters: it may be hostile."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def coloured(word: str) -> str:
    """Return a word in its colour, if it has one and colours are on."""
    colour = COLOURS.get(word.strip())
    return f"{colour}{word}{RESET}" if colour and has_colour() else word


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows under headings; on a terminal the last column is cut to fit, elsewhere nothing is."""
    cells = [[clean("" if value is None else value) for value in row] for row in rows]
    widths = [max(width(row[place]) for row in [list(headings), *cells]) for place in range(len(headings))]
    if sys.stdout.isatty():
        before = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        room = shutil.get_terminal_size().columns - before
        widths[-1] = min(widths[-1], max(room, len(headings[-1]), 1))
    lines = [GAP.join(_fit(word, size) for word, size in zip(headings, widths, strict=True)).rstrip()]
    lines += [
        GAP.join(coloured(_fit(cell, size)) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def _fit(text: str, size: int) -> str:
    if width(text) > size:
        while width(text) > size - 1:
            text = text[:-1]
        text += ELLIPSIS
    return text + " " * (size - width(text))
