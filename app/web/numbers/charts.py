"""The geometry of the charts; templates write it as SVG, with words for screen readers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 480
HEIGHT = 200
BASE = 176
TOP = 16
LEFT = 30
BAR_HEIGHT = 14
LABEL_WIDTH = 76
VALUE_WIDTH = 84


@dataclass(frozen=True)
class Bar:
    """A rectangle; `kind` is its colour, `label` what it says to those who point at it."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


@dataclass(frozen=True)
class Mark:
    """A word beside the bars."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Chart:
    """A picture with its words."""

    title: str
    description: str
    height: int
    bars: Sequence[Bar]
    marks: Sequence[Mark]
    legend: Sequence[tuple[str, str]]


LEGEND = (("robot", "Automation had a part"), ("people", "People alone"))


def columns(title: str, days: Mapping[str, tuple[int, int]]) -> Chart:
    """Draw a column per day: the incidents that automation worked on below, the others on top."""
    highest = max((sum(pair) for pair in days.values()), default=0) or 1
    step = (WIDTH - LEFT) / max(1, len(days))
    bars = []
    for place, (day, pair) in enumerate(days.items()):
        bottom = float(BASE)
        for (kind, word), count in zip(LEGEND, pair, strict=True):
            height = (BASE - TOP) * count / highest
            bottom -= height
            if count:
                label = f"{day}, {word.lower()}: {count}"
                bars.append(Bar(LEFT + place * step + step * 0.1, bottom, step * 0.8, height, kind, label))
    total = sum(sum(pair) for pair in days.values())
    peak = max(days, key=lambda day: sum(days[day]), default="")
    description = f"{total} in all" + (f", most on {peak} ({sum(days[peak])})." if total else ".")
    return Chart(title, description, HEIGHT, bars, _day_marks(list(days), highest), LEGEND)


def pairs(
    title: str, rows: Sequence[tuple[str, float | None, float | None]], write: Callable[[float], str]
) -> Chart:
    """Draw two bars per row, with and without automation; `write` turns seconds into words."""
    longest = max((value for _, *pair in rows for value in pair if value is not None), default=0) or 1
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    bars, marks, y = [], [], float(TOP)
    for name, *pair in rows:
        marks.append(Mark(0, y + BAR_HEIGHT + 5, name))
        for (kind, word), value in zip(LEGEND, pair, strict=True):
            said = "none" if value is None else write(value)
            width = room * (value or 0) / longest
            bars.append(
                Bar(LABEL_WIDTH, y, max(width, 1), BAR_HEIGHT, kind, f"{name}, {word.lower()}: {said}")
            )
            marks.append(Mark(LABEL_WIDTH + width + 6, y + BAR_HEIGHT - 2, said))
            y += BAR_HEIGHT + 2
        y += 12
    known = [f"{bar.label}." for bar in bars]
    return Chart(title, " ".join(known), round(y), bars, marks, LEGEND)


def _day_marks(days: Sequence[str], highest: int) -> list[Mark]:
    marks = [Mark(LEFT - 6, TOP + 8, str(highest), "end"), Mark(LEFT - 6, BASE, "0", "end")]
    if days:
        marks += [Mark(LEFT, HEIGHT - 8, days[0]), Mark(WIDTH, HEIGHT - 8, days[-1], "end")]
    return marks
