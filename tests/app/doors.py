"""The doors of the app: its whole URL map with every method, and who may enter by which.

What a new page needs follows from two rules: looking takes a log-in, changing takes a responder. Everything
else is written down here, so that an exception is a decision and never an accident.
"""

from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})

PUBLIC = frozenset(
    {
        "static",
        "accounts.login",
        "accounts.register",
        "links.forgotten",
        "links.reset",
        "links.invitation",
        "subscriptions.unsubscribe",
        "oidc.start",
        "oidc.callback",
        "second_step.show",
        "second_step.options",
        "second_step.leave",
        "second_step.log_in",
        "second_step.log_in_options",
        "numbers.theme",
        "pings.ping",
        "push.worker",
        "push.manifest",
        "answers.answer",
        "ops.healthz",
        "ops.readyz",
    }
)
"""Anybody may ask; what they answer is tested with them."""

OWN = frozenset(
    {
        "accounts.logout",
        "profile.show",
        "profile.password",
        "profile.sign_out_everywhere",
        "profile.tokens",
        "profile.revoke",
        "factors.add_app",
        "factors.add_passkey",
        "factors.passkey_options",
        "factors.remove",
        "factors.renew_codes",
        "subscriptions.show",
        "contacts.add",
        "push.add_browser",
        "contacts.prove",
        "contacts.send_code",
        "contacts.test",
        "contacts.remove",
        "contacts.add_rule",
        "contacts.remove_rule",
        "contacts.keep_quiet",
        "contacts.try_rules",
        "escalations.who",
        "incidents.keep_view",
        "incidents.remove_view",
    }
)
"""Changes that concern only the person who makes them."""

BY_AN_ADDRESS = frozenset({"subscriptions.unsubscribe", "pings.ping"})
"""Mail programs and jobs post there by themselves; the address is the proof, and all it can do."""

LEAVING = frozenset({"accounts.logout", "profile.sign_out_everywhere"})
"""These end at the log-in page for everybody."""

RESPONDERS_LOOK = frozenset(
    {
        "incidents.new",
        "heartbeats.new",
        "heartbeats.edit",
        "escalations.new",
        "escalations.edit",
        "escalations.edit_route",
        "oncall.new",
        "oncall.edit",
        "oncall.new_layer",
        "oncall.edit_layer",
        "oncall.new_override",
        "oncall.new_team",
        "oncall.edit_team",
    }
)
"""Forms that viewers could not send anyway."""

RANK = {"viewer": 1, "responder": 2, "admin": 3}


@dataclass(frozen=True)
class Door:
    """One address of the app and one way to knock."""

    endpoint: str
    path: str
    method: str
    exists: bool
    scope: str | None
    can_be_looked_at: bool = True
    """Whether the address has anything to look at; else who may not change is not told of it either."""

    @property
    def needs(self) -> int:
        """The least rank that is let in."""
        if self.endpoint.startswith("admin."):
            return RANK["admin"]
        if self.endpoint.startswith("subrequest.") and self.endpoint != "subrequest.enter":
            return RANK[self.endpoint.removeprefix("subrequest.")]
        if self.endpoint in RESPONDERS_LOOK:
            return RANK["responder"]
        is_look = self.method in LOOKING and self.can_be_looked_at
        is_change = not is_look and self.endpoint not in OWN
        return RANK["responder"] if is_change else RANK["viewer"]


def doors(app: Flask) -> list[Door]:
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.redirect_to is not None:
            continue
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        path = address(rule)
        for method in METHODS:
            exists = method in (rule.methods or ())
            if exists or not any(
                method in (other.methods or ()) and other.rule == rule.rule
                for other in app.url_map.iter_rules()
            ):
                scope = operation.scope.value if operation else None
                same = [other for other in app.url_map.iter_rules() if other.rule == rule.rule]
                looks = any("GET" in (other.methods or ()) for other in same)
                found.append(Door(rule.endpoint, path, method, exists, scope, looks))
    return found


def address(rule: Rule) -> str:
    assert rule.map is not None
    values = {name: "x" if f"<{name}>" in rule.rule else 1 for name in rule.arguments}
    method = next(iter(rule.methods or ()))
    return rule.map.bind("localhost").build(rule.endpoint, values | (rule.defaults or {}), method=method)


def pages(app: Flask) -> list[Door]:
    """All doors for people but those that are public."""
    machines = ("/api/", "/demo/")
    return [door for door in doors(app) if door.endpoint not in PUBLIC and not door.path.startswith(machines)]
