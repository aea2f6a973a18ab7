"""The settings as they are in force; secrets only tell whether they are set."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from app.accounts.access import requires
from app.clock import in_words
from app.config import PREFIX, Settings
from app.records.accounts import Role
from app.web.admin.blueprint import bp


class Row(NamedTuple):
    """One setting."""

    name: str
    value: str
    is_default: bool
    meaning: str


@bp.get("/settings")
@requires(Role.ADMIN)
def settings() -> ResponseReturnValue:
    """Show every setting."""
    return render_template("admin/settings.html", rows=list(rows(current_app.config["SETTINGS"])))


def rows(settings: Settings) -> Iterator[Row]:
    """Yield the settings as people may see them."""
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        yield Row(
            name=f"{PREFIX}{name.upper()}",
            value=_shown(value),
            is_default=not field.is_required() and value == field.default,
            meaning=field.description or "",
        )


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set, not shown"
    if value is None or value in ("", (), {}):
        return "not set"
    if isinstance(value, timedelta):
        return in_words(value.total_seconds())
    if isinstance(value, dict):
        value = tuple(
            f"{key}={' '.join(item) if isinstance(item, tuple) else item}" for key, item in value.items()
        )
    if isinstance(value, tuple):
        return ", ".join(value)
    return _without_password(str(value).lower() if isinstance(value, bool) else str(value))


def _without_password(text: str) -> str:
    """Hide what stands before the host of an address: a database's URL holds its password there."""
    if "://" not in text or "@" not in text:
        return text
    place = urlsplit(text).netloc
    return text.replace(place, f"…@{place.rpartition('@')[2]}", 1)
