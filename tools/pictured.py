"""The installations that tools/screenshots.py pictures: one full of demo data, one that is empty."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import flask_migrate
import pyotp
from flask import Flask, request
from werkzeug.serving import make_server

from app import demo_data
from app.accounts import invitations, resets, service, tokens
from app.accounts.factors import service as factors
from app.accounts.factors import totp
from app.automation import service as automation
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.factory import create_app
from app.maintenance import service as maintenance
from app.notify import incident_mails
from app.records.accounts import Role, Scope, UserStatus
from app.records.actors import SYSTEM, Actor, ActorKind
from app.records.alerts import JournalCursor
from app.records.factors import Factor, FactorKind
from app.records.incidents import Incident, Verdict
from app.records.lifecycle import State
from app.records.outbox import MailKind, OutboxMessage
from contract.reports import HeartbeatReport
from tools import pictured_channels, pictured_escalations, pictured_heartbeats, pictured_oncall
from tools.pictured_prometheus import remembering

ADMIN, VIEWER, CAREFUL, PASSWORD = (
    "you@example.org",
    "vera@example.org",
    "frida@example.org",
    "five quiet pictures",
)
MODES = ("auto", "approve", "shadow")
SHOWN = {
    "database_url": "postgresql+psycopg://oims@postgres/oims",
    "base_url": "https://oims.example.org",
    "journal_url": "http://oims-webhook:5001",
    "alertmanager_url": "http://oims-alertmanager:9093",
}
"""Settings as the page of settings shows them: not those of the machine that makes the pictures."""


@dataclass(frozen=True)
class Pages:
    """Addresses by the name of their picture, and by who looks; `repaired` is an incident's number.

    Frida has a second factor: `halfway` is what she sees before it, `careful` after it, with one of `codes`.
    """

    repaired: int
    public: dict[str, str]
    admin: dict[str, str]
    viewer: dict[str, str]
    halfway: dict[str, str]
    careful: dict[str, str]
    codes: Sequence[str]

    @property
    def all(self) -> dict[str, str]:
        """Return all of them."""
        return self.public | self.admin | self.viewer | self.halfway | self.careful


def full(folder: Path, incidents: int) -> tuple[Flask, Pages]:
    """Return an installation with demo data and everything beside it."""
    app = _app(folder / "full.db")
    with app.test_request_context():
        demo_data.make(incidents)
        you = _person("You", ADMIN, Role.ADMIN)
        _person("Vera", VIEWER, Role.VIEWER)
        codes = _second_factors(_person("Frida", CAREFUL, Role.RESPONDER))
        _plan()
        watched = pictured_heartbeats.watch()
        listening = pictured_channels.listen()
        pictured_channels.reach(you)
        chain, route, page_link = pictured_escalations.make(you)
        schedule, team = pictured_oncall.plan()
        tokens.create(name="grafana", scopes=[Scope.READ], by=SYSTEM, user_id=you)
        healed = db.session.query(Incident).filter(Incident.verdict == Verdict.VERIFIED)
        newest = healed.order_by(Incident.id.desc()).first()
        burning = db.session.query(Incident).filter(Incident.state == State.OPEN).first()
        if newest is None or burning is None:
            raise SystemExit("The demo data has no incident that was repaired, or none that is open.")
        number, remedy, open_number = newest.id, newest.alertname, burning.id
        public = {
            "login": "/login",
            "register": "/register",
            "forgotten": "/password/forgotten",
            "new-password": _reset_link(),
            "invitation": _path(
                invitations.invite(email="carol@example.org", role=Role.RESPONDER, by=SYSTEM).link
            ),
            "page": page_link,
            "unsubscribe": _path(incident_mails.unsubscribe_url(you, MailKind.DIGEST) or ""),
        }
        db.session.commit()
    app.before_request(_heartbeat)
    admin = {
        "incidents": "/",
        "incident": f"/incidents/{number}",
        "incident-open": f"/incidents/{open_number}",
        "expression": f"/incidents/{number}/evidence",
        "automation": "/automation",
        "remedy": f"/automation/remedies/{remedy}",
        "run": f"/runs/run-{number}",
        "numbers": "/numbers?period=30d",
        "new-incident": "/incidents/new",
        "review": f"/incidents/{number}/review",
        "report": f"/incidents/{number}/report",
        "maintenance": "/maintenance",
        "escalation": "/escalation",
        "chain": f"/escalation/chains/{chain}",
        "new-chain": "/escalation/chains/new",
        "change-chain": f"/escalation/chains/{chain}/edit",
        "change-route": f"/escalation/routes/{route}",
        "who-is-paged": "/escalation/who",
        "heartbeats": "/heartbeats",
        "heartbeat": f"/heartbeats/{watched}",
        "new-heartbeat": "/heartbeats/new",
        "change-heartbeat": f"/heartbeats/{watched}/edit",
        "on-call": "/oncall",
        "schedule": f"/oncall/{schedule}",
        "schedule-month": f"/oncall/{schedule}?view=month",
        "new-schedule": "/oncall/new",
        "change-schedule": f"/oncall/{schedule}/edit",
        "new-layer": f"/oncall/{schedule}/layers/new",
        "change-layer": f"/oncall/{schedule}/layers/1",
        "new-override": f"/oncall/{schedule}/overrides/new",
        "teams": "/oncall/teams",
        "new-team": "/oncall/teams/new",
        "change-team": f"/oncall/teams/{team}/edit",
        "profile": "/profile",
        "profile-password": "/profile/password",
        "profile-mails": "/profile/mails",
        "profile-contact": "/profile/contact",
        "new-contact-method": "/profile/contact/new",
        "profile-tokens": "/profile/tokens",
        "people": "/admin/people",
        "person": f"/admin/people/{you}",
        "tokens": "/admin/tokens",
        "mails": "/admin/mails",
        "webhooks": "/admin/webhooks",
        "webhook": f"/admin/webhooks/{listening}",
        "new-webhook": "/admin/webhooks/new",
        "change-webhook": f"/admin/webhooks/{listening}/edit",
        "audit": "/admin/audit",
        "settings": "/admin/settings",
        "first-steps": "/admin/first-steps",
        "reference": "/reference",
        "patterns": "/patterns",
        "not-found": "/incidents/999999",
    }
    viewer, halfway = {"forbidden": "/admin/people"}, {"second-step": "/login/second-step"}
    careful = {
        "two-step": "/profile/two-step",
        "add-app": "/profile/two-step/app",
        "add-passkey": "/profile/two-step/passkey",
        "proved": "/profile/confirmed",
    }
    return app, Pages(number, public, admin, viewer, halfway, careful, codes)


def empty(folder: Path) -> tuple[Flask, Pages]:
    """Return an installation in which nothing has happened yet."""
    app = _app(folder / "empty.db")
    with app.app_context():
        _person("You", ADMIN, Role.ADMIN)
    admin = {"empty-incidents": "/", "empty-first-steps": "/admin/first-steps"}
    return app, Pages(0, {}, admin, {}, {}, {}, ())


@contextmanager
def measured(app: Flask, pages: Pages, folder: Path) -> Iterator[None]:
    """Let the app ask a real Prometheus about the repaired incident; the page of settings names another."""
    shown = app.config["SETTINGS"].model_copy(update={"prometheus_url": "http://oims-prometheus:9090"})
    with app.app_context():
        incident = db.session.get_one(Incident, pages.repaired)
    with remembering(incident, folder) as url:
        asking = shown.model_copy(update={"prometheus_url": url})

        def choose() -> None:
            app.config["SETTINGS"] = asking if request.endpoint == "incidents.show_evidence" else shown

        app.before_request(choose)
        yield


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the app while the block runs; yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _app(database: Path) -> Flask:
    settings = Settings(
        database_url=f"sqlite:///{database}",
        secret_key="s" * 32,
        smtp_host="mail.example.org",
        registration="approval",
        base_url="http://localhost:5000",
    )
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
    app.before_request(_read_journal)
    app.config["SETTINGS"] = settings.model_copy(update=SHOWN)
    return app


def _person(name: str, email: str, role: Role) -> int:
    user = service.register(email=email, name=name, password=PASSWORD, status=UserStatus.ACTIVE, role=role)
    return user.id


def _second_factors(user_id: int) -> Sequence[str]:
    """Give somebody an app and a passkey; return the recovery codes."""
    sealed = totp.propose(user_id)
    code = pyotp.TOTP(totp.secret_of(sealed, user_id)).at(now())
    codes = factors.add_app(user_id, sealed=sealed, code=code, name="Phone")
    with transaction():
        key = Factor(
            user_id=user_id, kind=FactorKind.PASSKEY, name="Laptop", credential_id="AAAA", sign_count=0
        )
        db.session.add(key)
    return codes


def _reset_link() -> str:
    resets.ask(email=VIEWER, address="192.0.2.1")
    mail = db.session.query(OutboxMessage).filter_by(kind=MailKind.PASSWORD_RESET).one()
    return _path(next(word for word in mail.text.split() if "/password/reset/" in word))


def _path(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def _plan() -> None:
    """Plan maintenance: now, and each week."""
    by = Actor(ActorKind.SYSTEM, "Nora")
    start = now().replace(minute=0, second=0)
    for why, matcher, hours, weeks in (
        ("Moving the shop's database", "service=shop", 2, 0),
        ("Backups", "job=backup", 1, 8),
    ):
        maintenance.plan(
            comment=why,
            matchers=matcher,
            starts_at=start,
            ends_at=start + timedelta(hours=hours),
            until=start + timedelta(weeks=weeks) if weeks else None,
            actor=by,
        )


def _read_journal() -> None:
    """Be at the journal's end, as the worker always is."""
    with transaction():
        db.session.get_one(JournalCursor, 1).caught_up_at = now()


def _heartbeat() -> None:
    """Report the automation as armed, with a few of the demo data's remedies."""
    remedies = [
        {
            "name": f"{name.capitalize()}Errors",
            "alert": f"{name.capitalize()}Errors",
            "playbook": "restart_oims.yml",
            "mode": MODES[place % len(MODES)],
            "target": {"kind": "Deployment", "namespace": name, "name": "api"},
            "runs_left_hour": 3 - place % 2,
        }
        for place, name in enumerate(demo_data.SERVICES)
    ]
    report = {"instance": "ops-1", "version": "0.1.0", "location": "host", "paused": False, "last_seq": 800}
    automation.take_heartbeat(
        HeartbeatReport.model_validate(report | {"lag_s": 0.2, "remedies": remedies, "sent_at": now()})
    )
