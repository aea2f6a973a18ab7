"""The reader's theme, and the hidden page that shows every component."""

from http import HTTPStatus

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.dashboard.patterns import PatternForm
from app.pages import THEME_COOKIE, THEMES, local_path

YEAR_S = 365 * 24 * 3600

bp = Blueprint("dashboard", __name__)


@bp.post("/theme")
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
def patterns() -> ResponseReturnValue:
    """Show every component once, for those who change them; no menu leads here."""
    return render_template("dashboard/patterns.html", form=PatternForm.with_errors())
