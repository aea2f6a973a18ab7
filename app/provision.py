"""Bringing an installation to where its settings want it; safe to repeat, and by two processes at once."""

from datetime import timedelta

import flask_migrate
import structlog

from app.accounts import names, service, tokens
from app.clock import now
from app.config import Settings
from app.contacts import web_push
from app.database import transaction
from app.extensions import db
from app.ops import schema, sealed
from app.ops.schema import Schema
from app.records import cursor
from app.records.accounts import Role, Scope, UserStatus

log = structlog.get_logger()

AUTOMATION_TOKEN = "automation"  # noqa: S105 - a token's name
INITIAL_PASSWORD_VALID = timedelta(hours=24)


def migrate(settings: Settings) -> None:
    """Bring the schema to this version, make the first administrator and the automation's token, seal anew.

    A schema that a newer version has made is left alone, so that the code can be rolled back.
    An administrator who exists is left alone: the password may have been changed since.
    """
    if schema.compare() is Schema.NEWER:
        log.warning("schema_is_newer", detail="A newer app has migrated it; it is left as it is.")
    else:
        flask_migrate.upgrade()
    db.session.rollback()
    with transaction():
        cursor.lock()  # the one row that always exists: a second process waits here
        names.settle()
        _keep_administrator(settings)
        _keep_automation_token(settings)
        web_push.make_keys()
        if settings.secret_key_old is not None:
            log.info("secrets_sealed_anew", count=sealed.seal_anew())
    log.info("migrated")


def _keep_administrator(settings: Settings) -> None:
    """Make the first administrator, whose password others have seen: it must be changed, within a day."""
    if not settings.admin_email or settings.admin_password is None or service.by_email(settings.admin_email):
        return
    user = service.register(
        email=settings.admin_email,
        name=names.free(settings.admin_email.partition("@")[0], email=settings.admin_email),
        password=settings.admin_password.get_secret_value(),
        status=UserStatus.ACTIVE,
        role=Role.ADMIN,
    )
    user.password_expires_at = now() + INITIAL_PASSWORD_VALID


def _keep_automation_token(settings: Settings) -> None:
    if settings.automation_token is None:
        return
    tokens.keep(
        name=AUTOMATION_TOKEN,
        secret=settings.automation_token.get_secret_value(),
        scopes=[Scope.AUTOMATION],
    )
