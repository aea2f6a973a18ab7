"""Settings of the webhook: one frozen object, read once from the environment.

Every variable starts with ``OIMS_``. A secret is given either as ``NAME`` or, better, as ``NAME_FILE``: the
path of a file that holds it. A file is read again when it changes, so a rotated Secret needs no restart.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from contract import durations
from contract.alertmanagers import Alertmanager, addresses, alertmanager, login_fault
from contract.binds import Bind
from contract.ca_file import CA_FILE_DESCRIPTION, CaFile
from webhook.credentials import Credential, CredentialError
from webhook.journal.store import POSTGRES_SCHEMES

MIN_SECRET_LENGTH = 16

_SIZE_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


class SettingsError(Exception):
    """A setting is missing or wrong; the message names each variable and what to do."""


def _duration(value: object) -> object:
    return durations.read(value) if isinstance(value, str) else value


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+)(KiB|MiB|GiB)?", value)
    if match is None:
        raise ValueError("is not a size; write a number of bytes or a number and a unit, such as 512MiB")
    return int(match[1]) * _SIZE_UNITS[match[2] or ""]


Seconds = Annotated[float, BeforeValidator(_duration)]
Bytes = Annotated[int, BeforeValidator(_size)]


class Settings(BaseSettings):
    """What the webhook needs to know; durations in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="OIMS_", frozen=True, extra="ignore", env_ignore_empty=True)

    webhook_bind: Bind = Field(
        "[::]:5001",
        description="Address and port to listen on; `[::]` is all addresses, of IPv6 and IPv4.",
    )
    webhook_metrics_bind: Bind = Field(
        "[::]:5011", description="Address and port of /metrics, which is nowhere else."
    )
    tls_cert_file: Path | None = Field(
        None,
        description="PEM certificate chain to serve HTTPS with, on both ports; read again once renewed.",
    )
    tls_key_file: Path | None = Field(None, description="PEM private key of OIMS_TLS_CERT_FILE.")
    ca_file: CaFile = Field(None, description=CA_FILE_DESCRIPTION)
    webhook_token: SecretStr | None = Field(None, description="Bearer token that may post alerts.")
    webhook_token_file: Path | None = Field(None, description="File that holds OIMS_WEBHOOK_TOKEN.")
    webhook_reader_token: SecretStr | None = Field(None, description="Bearer token that may read /events.")
    webhook_reader_token_file: Path | None = Field(
        None, description="File that holds OIMS_WEBHOOK_READER_TOKEN."
    )
    event_key: SecretStr | None = Field(None, description="Key that signs each event; followers hold it too.")
    event_key_file: Path | None = Field(None, description="File that holds OIMS_EVENT_KEY.")
    webhook_journal: str = Field(
        "instance/journal.db",
        description="The journal: path of an SQLite file, or postgresql://… to share it between replicas.",
    )
    webhook_journal_file: Path | None = Field(None, description="File that holds OIMS_WEBHOOK_JOURNAL.")
    webhook_retention_age: Seconds = Field(
        30 * 86400,
        ge=3600,
        description="Events older than this are pruned, but for the newest of an open episode.",
    )
    webhook_retention_size: Bytes = Field(
        512 * 1024**2,
        ge=1024**2,
        description="Above this size the oldest events are pruned, but for the newest of an open episode.",
    )
    heartbeat_interval: Seconds = Field(15, ge=0.1, le=300, description="Time between two heartbeat lines.")
    alertmanager_url: Annotated[tuple[str, ...], NoDecode, BeforeValidator(addresses)] = Field(
        (),
        description="Alertmanagers to compare the journal with, separated by commas, as in "
        "http://oims-alertmanager:9093 or https://name:password@example.org/alertmanager; empty turns the "
        "reconciler off.",
    )
    alertmanager_username: str = Field("", description="Name for Alertmanager, where it asks for one.")
    alertmanager_password: SecretStr | None = Field(
        None, description="Password of OIMS_ALERTMANAGER_USERNAME."
    )
    alertmanager_password_file: Path | None = Field(
        None, description="File that holds OIMS_ALERTMANAGER_PASSWORD."
    )
    alertmanager_token: SecretStr | None = Field(
        None, description="Bearer token for Alertmanager, where it asks for one."
    )
    alertmanager_token_file: Path | None = Field(None, description="File that holds OIMS_ALERTMANAGER_TOKEN.")
    alertmanager_receiver: str = Field(
        "oims-webhook", min_length=1, description="Name of the Alertmanager receiver that is this webhook."
    )
    reconcile_interval: Seconds = Field(30, ge=0.1, description="Time between two looks at Alertmanager.")
    reconcile_gone_after: Seconds = Field(
        180,
        ge=1,
        description="An open episode missing from Alertmanager for this long is resolved. "
        "Must be longer than Prometheus' resend delay (1m) plus a margin.",
    )
    log_level: Annotated[str, BeforeValidator(str.upper)] = Field(
        "INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least level of messages on stderr: DEBUG, INFO, WARNING or ERROR.",
    )

    @model_validator(mode="after")
    def _secrets_are_usable(self) -> Self:
        secrets, wrong = [], []
        for field in ("webhook_token", "webhook_reader_token", "event_key"):
            try:
                secrets.append(self._credential(field).value)
            except CredentialError as error:
                wrong.append(str(error))
        try:
            self.journal_credential  # noqa: B018 - it is read to see that it can be
        except CredentialError as error:
            wrong.append(str(error))
        if wrong:
            raise ValueError("\n".join(wrong))
        if secrets[0] == secrets[1]:
            raise ValueError(
                "OIMS_WEBHOOK_READER_TOKEN: is the same as OIMS_WEBHOOK_TOKEN; make two different tokens"
            )
        return self

    @model_validator(mode="after")
    def _alertmanager_is_whole(self) -> Self:
        fault = login_fault(
            self.alertmanager_url,
            has_name=bool(self.alertmanager_username),
            has_password=bool(self.alertmanager_password or self.alertmanager_password_file),
            has_token=bool(self.alertmanager_token or self.alertmanager_token_file),
        )
        if fault:
            raise ValueError(fault)
        try:
            self.alertmanagers  # noqa: B018 - the secrets are read to see that they can be
        except CredentialError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def alertmanagers(self) -> tuple[Alertmanager, ...]:
        """Those to ask; raises CredentialError if their secret can't be had."""
        password = token = None
        if self.alertmanager_username:
            password = self._secret("alertmanager_password", min_length=1).text
        elif self.alertmanager_token or self.alertmanager_token_file:
            token = self._secret("alertmanager_token", min_length=1).text
        name = self.alertmanager_username
        return tuple(
            alertmanager(url, name=name, password=password, token=token) for url in self.alertmanager_url
        )

    @property
    def writer_credential(self) -> Credential:
        """The token that may post alerts; raises CredentialError if it can't be had."""
        return self._credential("webhook_token")

    @property
    def reader_credential(self) -> Credential:
        """The token that may read events; raises CredentialError if it can't be had."""
        return self._credential("webhook_reader_token")

    @property
    def event_credential(self) -> Credential:
        """The key that signs events; raises CredentialError if it can't be had."""
        return self._credential("event_key")

    @property
    def journal_credential(self) -> Credential:
        """The place of the journal, with its password; raises CredentialError if it can't be had."""
        given = "webhook_journal" in self.model_fields_set or self.webhook_journal_file is None
        return Credential.open(
            "OIMS_WEBHOOK_JOURNAL",
            value=self.webhook_journal if given else None,
            path=self.webhook_journal_file,
            min_length=1,
        )

    def _credential(self, field: str) -> Credential:
        return self._secret(field, min_length=MIN_SECRET_LENGTH)

    def _secret(self, field: str, *, min_length: int) -> Credential:
        plain: SecretStr | None = getattr(self, field)
        return Credential.open(
            f"OIMS_{field.upper()}",
            value=plain.get_secret_value() if plain else None,
            path=getattr(self, f"{field}_file"),
            min_length=min_length,
        )


def load() -> Settings:
    """Read the settings from the environment.

    Raises SettingsError whose text has one line per wrong variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(dict(item)) for item in error.errors())) from None


def prepare_journal(settings: Settings) -> None:
    """Make the folder of an SQLite journal and see that it can be written.

    Raises SettingsError. A PostgreSQL journal is not looked at: it may come up later.
    """
    place = settings.journal_credential.text()
    if place.startswith(POSTGRES_SCHEMES):
        return
    path = Path(place)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"OIMS_WEBHOOK_JOURNAL: cannot make {path.parent}: {error.strerror}; choose another path"
        ) from None
    if not os.access(path if path.exists() else path.parent, os.W_OK) or path.is_dir():
        raise SettingsError(
            f"OIMS_WEBHOOK_JOURNAL: cannot write {path}; choose another path or change its mode"
        )


def _sentence(item: dict[str, object]) -> str:
    location = item["loc"]
    message = str(item["msg"]).removeprefix("Value error, ")
    if not isinstance(location, tuple) or not location:
        return message
    name = f"OIMS_{str(location[0]).upper()}"
    given = os.environ.get(name, "")
    # An address may hold a password.
    return f"{name}: {message} (it is {'…' if '@' in given else given[:80]!r})"
