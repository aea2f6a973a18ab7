"""Tables for people: columns as wide as their content, nothing that a terminal could act on."""

from collections.abc import Sequence


def show(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as text."""
    cells = [list(heading), *[[_printable(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heading))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _printable(cell: object) -> str:
    text = "-" if cell is None or cell == "" else str(cell)
    return "".join(letter if letter.isprintable() else "?" for letter in text)
