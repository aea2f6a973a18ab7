"""Numbers over time, the reader's theme, and the hidden page that shows every component."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.accounts.access import public, requires
from app.clock import now
from app.errors import NotFound
from app.formats import duration
from app.numbers import queries as numbers
from app.numbers.periods import DAYS, Period
from app.records.accounts import Role
from app.severities import Severity
from app.web.numbers import charts, tables
from app.web.numbers.patterns import PatternForm
from app.web.pages import THEME_COOKIE, THEMES, local_path

YEAR_S = 365 * 24 * 3600

bp = Blueprint("numbers", __name__)


@bp.get("/numbers")
@requires(Role.VIEWER)
def show_numbers() -> ResponseReturnValue:
    """Show how it went: times, what the automation did, and what is noisy."""
    period = Period.from_url(request.args.get("period"), now())
    found = numbers.groups(period)
    times, days = numbers.times(found), numbers.per_day(found, period)
    done = numbers.automation(period)
    mttr = [
        (word.value.capitalize(), _mttr(times, word, has_run=True), _mttr(times, word, has_run=False))
        for word in Severity
    ]
    return render_template(
        "numbers/numbers.html",
        period=period,
        lengths=DAYS,
        total=sum(times.values(), numbers.Times()),
        before=sum(numbers.groups(period.before).values(), numbers.Times()),
        done=done,
        done_before=numbers.automation(period.before),
        charts=(
            charts.columns("Incidents opened by day", days),
            charts.pairs("Mean time to resolve by severity", mttr, duration),
        ),
        drawn=(tables.times(times), tables.days(days)),
        tables=(
            tables.skipped(done),
            tables.noisiest(period),
            tables.flapping(period),
            tables.held(),
        ),
    )


@bp.get("/numbers/<name>.csv")
@requires(Role.VIEWER)
def export(name: str) -> ResponseReturnValue:
    """Give one table as CSV. Raises NotFound when there is no such table."""
    period = Period.from_url(request.args.get("period"), now())
    table = tables.named(name, period)
    if table is None:
        raise NotFound("There is no such table.")
    response = Response(table.csv(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="oims-{table.name}-{period.name}.csv"'
    return response


@bp.post("/theme")
@public
def theme() -> ResponseReturnValue:
    """Remember in the browser whether pages are light, dark, or as the system says."""
    response = redirect(local_path(request.form.get("next")), code=HTTPStatus.SEE_OTHER)
    chosen = request.form.get("theme")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=YEAR_S,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


@bp.get("/patterns")
@requires(Role.VIEWER)
def patterns() -> ResponseReturnValue:
    """Show every component once, for those who change them; no menu leads here."""
    return render_template("numbers/patterns.html", form=PatternForm.with_errors())


def _mttr(
    times: dict[tuple[Severity, bool], numbers.Times], severity: Severity, *, has_run: bool
) -> float | None:
    return times.get((severity, has_run), numbers.Times()).mttr_s
