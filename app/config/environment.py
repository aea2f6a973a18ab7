"""Reads the settings from the environment, and its secrets from files too."""

import os
from pathlib import Path

from pydantic import ValidationError

from app.config.settings import PREFIX, Settings


class SettingsError(Exception):
    """The environment is wrong; the message names each variable and what to do."""


SECRETS = (
    "database_url",
    "secret_key",
    "oidc_client_secret",
    "smtp_password",
    "journal_token",
    "admin_password",
    "automation_token",
    "alertmanager_password",
    "alertmanager_token",
)


def _from_files() -> dict[str, str]:
    """Read the secrets that are given as files.

    Raises:
        SettingsError: both forms are given, or the file can't be read.

    """
    found: dict[str, str] = {}
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path:
            continue
        if os.environ.get(variable):
            raise SettingsError(f"{variable} and {variable}_FILE are both set; keep one of them.")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            raise SettingsError(f"{variable}_FILE: can't read {path}: {reason}.") from None
    return found


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: something is missing or wrong; the message has one line per variable.

    """
    try:
        return Settings(**_from_files())  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = f"{PREFIX}{str(problem['loc'][0]).upper()}: " if problem["loc"] else ""
            text = (
                "is missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            )
            lines.append(f"{name}{text}")
        raise SettingsError("The settings are not complete:\n  " + "\n  ".join(lines)) from None
