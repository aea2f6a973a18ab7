"""What every page shares: filters for times, the menu, the theme, and parts that update live."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.http import generate_etag, quote_etag

from app import clock, formats
from app.web import markdown, words
from app.web.hyperlinks import safe_url
from contract.moments import rfc3339

NAVIGATION = (
    ("incidents", "incidents.index", "Incidents"),
    ("oncall", "oncall.index", "On call"),
    ("automation", "automation.index", "Automation"),
    ("numbers", "numbers.show_numbers", "Numbers"),
    ("heartbeats", "heartbeats.index", "Heartbeats"),
    ("maintenance", "maintenance.index", "Maintenance"),
)
ADMIN_NAVIGATION = (
    ("people", "admin.people", "People"),
    ("tokens", "admin.tokens", "API tokens"),
    ("mails", "admin.mails", "Outbox"),
    ("webhooks", "admin.webhooks", "Outgoing webhooks"),
    ("audit", "admin.audit", "Audit"),
    ("settings", "admin.settings", "Settings"),
    ("first-steps", "admin.first_steps", "First steps"),
)
THEMES = ("auto", "light", "dark")
THEME_COOKIE = "oims-theme"
LIVE_PART = "live"


def local_path(target: str | None) -> str:
    """Return `target` if it is a path of this app, else the home page: a link must not lead people away."""
    if target and target.startswith("/") and target.isprintable() and "\\" not in target:
        parts = urlsplit(target)
        if not parts.scheme and not parts.netloc and not target.startswith("//"):
            return target
    return url_for("incidents.index")


def live_page(page: str, part: str, **context: Any) -> Response:
    """Answer with `page`, or with its live `part` alone when the poll asks: 304 if it has not changed.

    `part` must render the same bytes for the same state: no form, no nonce, no seconds that run.
    """
    body = render_template(part, **context)
    etag = generate_etag(body.encode())
    if request.headers.get("HX-Target") == LIVE_PART:
        response = make_response(body)
        response.set_etag(etag)
        response.make_conditional(request)
    else:
        # The part was rendered, and so escaped, by the template engine a few lines above.
        live = Markup(body)  # noqa: S704
        response = make_response(render_template(page, live=live, etag=quote_etag(etag), **context))
    response.vary.add("HX-Target")
    return response


def zone() -> str:
    """Return the name of the time zone in which the reader sees times."""
    return str(getattr(current_user, "timezone", formats.UTC_NAME))


def _relative(at: datetime) -> str:
    return formats.relative(at, clock.now(), zone())


def _shared() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return {
        "navigation": NAVIGATION,
        "admin_navigation": ADMIN_NAVIGATION,
        "theme": theme if theme in THEMES else "auto",
    }


def _markdown(text: str) -> Markup:
    """Return Markdown as HTML, until the answer has had its share of work."""
    g.markdown_work = g.get("markdown_work", 0) + markdown.work(text)
    return markdown.render(text) if g.markdown_work <= markdown.MOST_OF_A_PAGE else markdown.plain(text)


def init_app(app: Flask) -> None:
    """Give the templates their filters and shared values."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_template_filter(rfc3339, "iso")
    app.add_template_filter(_relative, "relative")
    app.add_template_filter(lambda at: formats.exact(at, zone()), "exact")
    app.add_template_filter(lambda at: formats.clock_time(at, zone()), "clock_time")
    app.add_template_filter(lambda at: formats.day(at, zone()), "day")
    app.add_template_filter(lambda at: formats.brief(at, clock.now(), zone()), "brief")
    app.add_template_filter(formats.duration, "duration")
    app.add_template_filter(formats.age, "age")
    app.add_template_filter(formats.sentence, "sentence")
    app.add_template_filter(formats.target_name, "target")
    app.add_template_filter(_markdown, "markdown")
    app.add_template_filter(safe_url, "safe_url")
    app.jinja_env.globals["words"] = words
    app.jinja_env.globals["zone"] = zone
    app.context_processor(_shared)
