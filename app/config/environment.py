"""Reads the settings from the environment, and its secrets from files too."""

import os

from pydantic import ValidationError

from app.config.settings import PREFIX, Settings
from contract import secret_files


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


def _secrets() -> dict[str, str]:
    """Read the secrets that are given, themselves or as files.

    Raises:
        SettingsError: both forms are given, or the file can't be read.

    """
    try:
        found = {name: secret_files.find(os.environ, f"{PREFIX}{name.upper()}") for name in SECRETS}
    except secret_files.SecretFileError as error:
        raise SettingsError(f"{error}.") from None
    return {name: value for name, value in found.items() if value is not None}


def load() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: something is missing or wrong; the message has one line per variable.

    """
    try:
        return Settings(**_secrets())  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = f"{PREFIX}{str(problem['loc'][0]).upper()}: " if problem["loc"] else ""
            text = (
                "is missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
            )
            lines.append(f"{name}{text}")
        raise SettingsError("The settings are not complete:\n  " + "\n  ".join(lines)) from None
