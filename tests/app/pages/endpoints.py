"""Which of the app's addresses are pages for people."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

NO_PAGES = {
    "static",
    "ops.healthz",
    "ops.readyz",
    "oidc.start",
    "oidc.callback",
    "numbers.export",
    "incidents.list",
    "pings.ping",
    "push.manifest",
    "push.worker",
    "incidents.shortened",
    "reviews.download",
    "subrequest.admin",
    "subrequest.enter",
    "subrequest.responder",
    "subrequest.viewer",
}


def pages_of(app: Flask) -> Iterator[Rule]:
    """Yield the rule of each page: a new one counts until it is named above."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES and "/api/" not in rule.rule:
            yield rule
