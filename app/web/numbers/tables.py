"""The tables behind the charts: one source for the page and for CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from app.numbers import queries as numbers
from app.numbers.periods import Period
from app.severities import Severity
from app.web import words

type Value = str | int | float | None
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """Columns are pairs of a name and a kind: `text`, `n` (a count) or `s` (seconds)."""

    name: str
    caption: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[Value]]

    def csv(self) -> str:
        """Write it as CSV (RFC 4180). A text that a spreadsheet would compute gets an apostrophe in front."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([f"{name} (s)" if kind == "s" else name for name, kind in self.columns])
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return out.getvalue()


def times(found: dict[tuple[Severity, bool], numbers.Times]) -> Table:
    """Return the times per severity, with and without automation."""
    rows: list[Sequence[Value]] = [
        [
            severity.value.capitalize(),
            "with automation" if has_run else "people alone",
            group.opened,
            group.acknowledged,
            group.mtta_s,
            group.resolved,
            group.mttr_s,
        ]
        for severity in Severity
        for has_run in (True, False)
        if (group := found.get((severity, has_run))) is not None
    ]
    columns = [("Severity", "text"), ("Who", "text"), ("Opened", "n"), ("Acknowledged", "n")]
    columns += [("Mean time to acknowledge", "s"), ("Resolved", "n"), ("Mean time to resolve", "s")]
    return Table("times", "Times by severity", columns, rows)


def days(found: dict[str, tuple[int, int]]) -> Table:
    """Return the incidents opened on each day."""
    columns = [("Day (UTC)", "text"), ("With automation", "n"), ("People alone", "n")]
    return Table("days", "Incidents opened by day", columns, [[day, *pair] for day, pair in found.items()])


def skipped(found: numbers.Automation) -> Table:
    """Return why automation did not run."""
    rows: list[Sequence[Value]] = [[words.reason(reason), count] for reason, count in found.skipped]
    return Table("skipped", "Why automation did not run", [("Reason", "text"), ("Times", "n")], rows)


def noisiest(period: Period) -> Table:
    """Return the alerts that fired most."""
    columns = [("Alert", "text"), ("Firings", "n"), ("Incidents", "n")]
    return Table("alerts", "Noisiest alerts", columns, numbers.noisiest(period))


def flapping(period: Period) -> Table:
    """Return the alerts that keep coming back."""
    columns = [("Alert", "text"), ("Back within an hour", "n"), ("Newest incident", "n")]
    return Table("flapping", "Flapping alerts", columns, numbers.flapping(period))


def held() -> Table:
    """Return who holds what now."""
    rows: list[Sequence[Value]] = [
        [name or "Nobody", *(count.get(severity, 0) for severity in Severity)]
        for name, count in numbers.held().items()
    ]
    columns = [("Owner", "text"), *((severity.value.capitalize(), "n") for severity in Severity)]
    return Table("owners", "Who holds what now", columns, rows)


def named(name: str, period: Period) -> Table | None:
    """Return one table for export, or nothing when there is none of this name."""
    makers = {
        "times": lambda: times(numbers.times(numbers.groups(period))),
        "days": lambda: days(numbers.per_day(numbers.groups(period), period)),
        "skipped": lambda: skipped(numbers.automation(period)),
        "alerts": lambda: noisiest(period),
        "flapping": lambda: flapping(period),
        "owners": held,
    }
    return makers[name]() if name in makers else None


def _cell(value: Value) -> Value:
    if isinstance(value, float):
        return round(value, 3)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
