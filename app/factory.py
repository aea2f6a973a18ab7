"""The factory: an app from its settings."""

from datetime import timedelta

from flask import Flask

from app import database, errors
from app.accounts import sessions
from app.api import faults, limits, reference
from app.api import routes as api
from app.config import Settings
from app.escalations import notify as pages_of_chains
from app.extensions import csrf, db, login, migrate
from app.heartbeats import arrivals
from app.ops import health, metrics
from app.outgoing import telling
from app.web import assets, border, compression, pages, request_log, security
from app.web.accounts import links, oidc, profile, subrequest
from app.web.accounts import routes as accounts
from app.web.accounts.factors import routes as factors
from app.web.accounts.factors import second_step
from app.web.admin import routes as admin
from app.web.automation import routes as automation
from app.web.contacts import push
from app.web.contacts import routes as contacts
from app.web.escalations import answers
from app.web.escalations import routes as escalations
from app.web.heartbeats import pings
from app.web.heartbeats import routes as heartbeats
from app.web.incidents import routes as incidents
from app.web.maintenance import routes as maintenance
from app.web.numbers import routes as numbers
from app.web.oncall import head as oncall_head
from app.web.oncall import routes as oncall
from app.web.ops import routes as operations
from app.web.reviews import routes as reviews
from app.web.subscriptions import routes as subscriptions


def create_app(settings: Settings) -> Flask:
    """Build the app from its settings; nothing happens at import time."""
    app = Flask("app", template_folder="web/templates", static_folder="web/static")
    _configure(app, settings)
    border.init_app(app)
    compression.init_app(app)
    request_log.init_app(app)
    _bind_extensions(app)
    metrics.init_app(app)
    health.init_app(app)
    if settings.demo_faults:
        faults.init_app(app)
    limits.init_app(app)
    arrivals.init_app(app)
    pages_of_chains.init_app(app)
    pings.init_app(app)
    telling.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    pages.init_app(app)
    oncall_head.init_app(app)
    assets.init_app(app)
    oidc.init_app(app, settings)
    _register_blueprints(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.cookies_are_secure
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=[old.get_secret_value() for old in [settings.secret_key_old] if old],
        SESSION_COOKIE_NAME="__Host-oims" if secure else "oims",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=7),
        MAX_CONTENT_LENGTH=security.MAX_BODY_BYTES,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(settings.database_url),
        WTF_CSRF_TIME_LIMIT=None,
    )


def _bind_extensions(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(database.MIGRATIONS))
    login.init_app(app)
    csrf.init_app(app)
    sessions.init_app(login)
    with app.app_context():
        database.prepare(db.engine)


def _register_blueprints(app: Flask) -> None:
    people = (
        accounts,
        subrequest,
        links,
        second_step,
        profile,
        factors,
        subscriptions,
        contacts,
        push,
        admin,
    )
    work = (
        incidents,
        reviews,
        numbers,
        automation,
        maintenance,
        heartbeats,
        pings,
        oncall,
        escalations,
        answers,
    )
    for part in (operations, api, reference, *people, *work):
        app.register_blueprint(part.bp)
    csrf.exempt(api.bp)
    csrf.exempt(pings.bp)
    csrf.exempt("app.web.subscriptions.routes.unsubscribe")
