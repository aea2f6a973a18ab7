"""The geometry of the small picture of an alert's expression, and the sentence that says what it shows."""

from collections.abc import Sequence
from typing import NamedTuple

from app.formats import clock_time
from app.records.incidents import Incident
from app.web.incidents.evidence import Series

WIDTH = 300.0
HEIGHT = 90.0
MARGIN = 6.0


class Picture(NamedTuple):
    """Lines as SVG's ``points``; ``limit_y`` and ``start_x`` are where the limit and the incident stand."""

    title: str
    lines: Sequence[str]
    limit_y: float | None
    limit: str
    start_x: float
    end_x: float | None
    highest: str
    lowest: str


def draw(series: Series, incident: Incident, zone: str) -> Picture:
    """Return the picture; times in its sentence are in ``zone``."""
    values = [value for line in series.lines for _, value in line]
    if series.limit is not None:
        values.append(series.limit)
    low, high = min(values), max(values)
    start, end = series.starts_at.timestamp(), series.ends_at.timestamp()

    def x(at: float) -> float:
        return max(0.0, min(WIDTH, (at - start) / max(1.0, end - start) * WIDTH))

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    return Picture(
        title=_sentence(series, low, high, zone),
        lines=[" ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line) for line in series.lines],
        limit_y=y(series.limit) if series.limit is not None else None,
        limit=f"{series.limit:g}" if series.limit is not None else "",
        start_x=x(incident.opened_at.timestamp()),
        end_x=x(incident.resolved_at.timestamp()) if incident.resolved_at else None,
        highest=f"{high:.4g}",
        lowest=f"{low:.4g}",
    )


def _sentence(series: Series, low: float, high: float, zone: str) -> str:
    times = f"from {clock_time(series.starts_at, zone)} to {clock_time(series.ends_at, zone)}"
    limit = f", the limit is {series.limit:g}" if series.limit is not None else ""
    return f"The alert's expression {times}: between {low:.4g} and {high:.4g}{limit}"
