"""The settings of the incident app: one frozen object, read once, complete or the start stops."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.alerts import severities
from app.alerts.identity import PASSING
from app.incidents.lifecycle import Severity
from contract import labels
from contract.alertmanagers import Alertmanager, addresses, alertmanager, login_fault
from contract.binds import Bind
from contract.trust import CA_FILE_DESCRIPTION, CaFile

PREFIX = "OIMS_"
MIN_SECRET_LENGTH = 32
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MIN_PASSWORD_LENGTH = 8


_DURATION_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class SettingsError(Exception):
    """The environment is wrong; the message names each variable and what to do."""


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)", value)
    if match is None:
        raise ValueError("is not a duration; write a number and a unit, such as 15s, 5m, 2h or 30d")
    return timedelta(seconds=float(match[1]) * _DURATION_UNITS[match[2]])


_BASE_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")


def _list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Settings(BaseSettings):
    """Everything that can be set, from ``OIMS_*`` variables; secrets also from a file by ``OIMS_*_FILE``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field(
        "sqlite:///instance/site.db", description="Database, SQLite file or PostgreSQL URL."
    )
    secret_key: SecretStr = Field(
        description="Signs cookies; at least 32 characters, the same on all replicas."
    )
    bind: Bind = Field(
        "[::]:5000",
        description="Address and port of the web server; `[::]` is all addresses, of IPv6 and IPv4.",
    )
    metrics_bind: Bind = Field(
        "[::]:5010", description="Address and port of /metrics, which is nowhere else."
    )
    tls_cert_file: Path | None = Field(
        None,
        description="PEM certificate chain to serve HTTPS with, on both ports; read again once renewed.",
    )
    tls_key_file: Path | None = Field(None, description="PEM private key of OIMS_TLS_CERT_FILE.")
    ca_file: CaFile = Field(None, description=CA_FILE_DESCRIPTION)
    base_url: str = Field("http://localhost:5000", description="How browsers reach the app; used in mails.")
    cookie_secure: bool | None = Field(
        None, description="Send cookies over HTTPS only; default: by OIMS_BASE_URL."
    )
    proxy_hops: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front, whose X-Forwarded-For tells the caller."
    )
    registration: Literal["open", "approval", "closed"] = Field("closed", description="Who may register.")

    oidc_issuer: str = Field("", description="OpenID Connect provider for single sign-on; empty: off.")
    oidc_client_id: str = Field("", description="Name of the app at the provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret of the app at the provider.")
    oidc_role_claim: str = Field(
        "", description="Claim with a person's groups; empty: roles are given by administrators."
    )
    oidc_roles: Annotated[dict[str, Literal["viewer", "responder", "admin"]], NoDecode] = Field(
        {}, description="Which group means which role, as in `sre=responder,sre-leads=admin`."
    )
    oidc_only: bool = Field(
        default=False,
        description="Enforce single sign-on: no log-in by password and no reset link, but for emergencies.",
    )
    oidc_session_age: Duration = Field(
        timedelta(hours=12), description="Time after which people have to sign on at the provider again."
    )
    oidc_token_age: Duration = Field(
        timedelta(days=7),
        description="Time without a sign-on after which the API tokens of a person who uses it stop working.",
    )

    oidc_is_second_factor: bool = Field(
        default=False,
        description="Single sign-on counts as both factors; for providers that always ask for two.",
    )
    second_factor_roles: Annotated[
        tuple[Literal["viewer", "responder", "admin"], ...], NoDecode, BeforeValidator(_list)
    ] = Field(
        (), description="Roles that must log in with a second factor, as in `admin,responder`; empty: none."
    )
    approvals_need_second_factor: bool = Field(
        default=False,
        description="Approving a run takes a second factor that was proved in the last 5 minutes.",
    )

    smtp_host: str = Field("", description="Mail server; empty: no mails are written.")
    smtp_port: int = Field(25, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field("", description="Name to log in to the mail server; empty: no log-in.")
    smtp_password: SecretStr | None = Field(None, description="Password for the mail server.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        "none", description="How the connection is protected."
    )
    smtp_from: str = Field("oims@localhost.localdomain", description="Sender of the mails.")
    mail_to: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)] = Field(
        (), description="On-call list: addresses that hear of every incident, separated by commas."
    )
    escalate_to: Annotated[dict[Severity, tuple[str, ...]], NoDecode] = Field(
        {},
        description="Who else is called, by severity, when an incident is escalated or automation gives up, "
        "as in `critical=lead@example.org boss@example.org,high=lead@example.org`.",
    )
    mail_cap: int = Field(
        20,
        ge=1,
        description="Mails about incidents that a person gets in an hour; what is more comes in digests.",
    )

    journal_url: str = Field("", description="The webhook, for GET /events; empty: no alerts are taken in.")
    journal_token: SecretStr | None = Field(None, description="The webhook's reader token.")
    reopen_window: Duration = Field(
        timedelta(minutes=30),
        description="An alert that fires again within this time reopens its incident.",
    )
    run_lost_after: Duration = Field(
        timedelta(minutes=15),
        description="A run or verdict of which automation tells nothing for so long is closed as unknown.",
    )
    severity_labels: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)] = Field(
        labels.SEVERITY,
        min_length=1,
        description="Labels that give an alert's severity, separated by commas, the most telling first.",
    )
    severity_words: Annotated[dict[str, Severity], NoDecode] = Field(
        {}, description="Further words for severities, as in `p0=critical,besteffort=low`."
    )
    service_labels: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)] = Field(
        labels.SERVICE,
        min_length=1,
        description="Labels that give an alert's service, separated by commas, the most telling first; "
        "an exporter is never the service.",
    )
    exporter_labels: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)] = Field(
        PASSING,
        description="Labels that tell of the exporter that measured an alert: one that differs only in these "
        "is no second incident. `none` for a difference in any label.",
    )
    title_template: str = Field(
        "{what}: {where}",
        min_length=1,
        max_length=500,
        description="What an incident of an alert is called. In braces: a label, an annotation, `what` (the "
        "summary, message or name of the alert) or `where` (namespace and workload, node or instance).",
    )
    prometheus_url: str = Field(
        "", description="Prometheus, for pictures of an alert's expression; empty: none."
    )

    alertmanager_url: Annotated[tuple[str, ...], NoDecode, BeforeValidator(addresses)] = Field(
        (),
        description="Alertmanagers, separated by commas, for the silences shown on incidents and for test "
        "alerts; empty: none.",
    )
    alertmanager_username: str = Field("", description="Name for Alertmanager, where it asks for one.")
    alertmanager_password: SecretStr | None = Field(
        None, description="Password of OIMS_ALERTMANAGER_USERNAME."
    )
    alertmanager_token: SecretStr | None = Field(
        None, description="Bearer token for Alertmanager, where it asks for one."
    )

    admin_email: str = Field("", description="First administrator, made by `migrate` when missing.")
    admin_password: SecretStr | None = Field(None, description="Password of the first administrator.")
    automation_token: SecretStr | None = Field(
        None, description="API token of the automation, kept by `migrate`."
    )

    worker_pulse: Path | None = Field(
        None, description="File that the worker touches every 15 s while it works; for a probe."
    )
    api_rate_limit: int = Field(
        600,
        ge=0,
        description="Requests a minute that an API token may send to one web process; 0: no limit.",
    )
    demo_faults: bool = Field(default=False, description="Offer POST /demo/faults. Only for demonstrations.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level that is logged."
    )

    @field_validator("severity_words", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return {severities.plain(word): severity.lower() for word, severity in _pairs(value).items()}

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _roles(cls, value: object) -> object:
        return _pairs(value) if isinstance(value, str) else value

    @field_validator("escalate_to", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return {severity: tuple(addresses.split()) for severity, addresses in _pairs(value).items()}

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        """Insist on TLS: whoever stands between app and provider could be anybody."""
        parts = urlsplit(value)
        if value and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("must start with https://")
        return value

    @field_validator("mail_to")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_address(item) for item in value)

    @field_validator("escalate_to")
    @classmethod
    def _address_lists(cls, value: dict[Severity, tuple[str, ...]]) -> dict[Severity, tuple[str, ...]]:
        for severity, items in value.items():
            if not items:
                raise ValueError(f"names nobody for {severity}; write {severity}=name@example.org")
        return {severity: tuple(_address(item) for item in items) for severity, items in value.items()}

    @field_validator("smtp_from", "admin_email")
    @classmethod
    def _one_address(cls, value: str) -> str:
        return _address(value) if value else value

    @field_validator("base_url", "journal_url", "prometheus_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("base_url")
    @classmethod
    def _plain_base(cls, value: str) -> str:
        """Insist on what every address can be made from: a host, and a path of ordinary segments."""
        parts = urlsplit(value)
        is_plain = _BASE_PATH.fullmatch(parts.path)
        if not parts.hostname or parts.query or parts.fragment or parts.username or not is_plain:
            raise ValueError(
                "must be an address such as https://oims.example.org or https://example.org/oims, "
                "without a query, a name or a password"
            )
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        """Name the driver, and make a relative SQLite path absolute: it means the working directory."""
        scheme, _, rest = value.partition("://")
        if scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
            return f"postgresql+psycopg://{rest}"
        if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
            return f"sqlite:///{Path(rest[1:]).absolute()}"
        raise ValueError("must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")

    @field_validator("secret_key")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MIN_SECRET_LENGTH:
            raise ValueError(
                f"must have at least {MIN_SECRET_LENGTH} characters, for example from `openssl rand -hex 32`"
            )
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.journal_url and self.journal_token is None:
            raise ValueError("OIMS_JOURNAL_TOKEN: needed with OIMS_JOURNAL_URL")
        if self.admin_email and self.admin_password is None:
            raise ValueError("OIMS_ADMIN_PASSWORD: needed with OIMS_ADMIN_EMAIL")
        if self.admin_password and len(self.admin_password.get_secret_value()) < MIN_PASSWORD_LENGTH:
            raise ValueError(f"OIMS_ADMIN_PASSWORD: must have at least {MIN_PASSWORD_LENGTH} characters")
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret):
            raise ValueError("OIMS_OIDC_CLIENT_ID and OIMS_OIDC_CLIENT_SECRET: needed with OIMS_OIDC_ISSUER")
        if self.oidc_only and not self.oidc_issuer:
            raise ValueError("OIMS_OIDC_ISSUER: needed with OIMS_OIDC_ONLY")
        if bool(self.oidc_role_claim) != bool(self.oidc_roles):
            raise ValueError("OIMS_OIDC_ROLE_CLAIM and OIMS_OIDC_ROLES: set both or none")
        fault = login_fault(
            self.alertmanager_url,
            has_name=bool(self.alertmanager_username),
            has_password=self.alertmanager_password is not None,
            has_token=self.alertmanager_token is not None,
        )
        if fault:
            raise ValueError(fault)
        if self.automation_token and len(self.automation_token.get_secret_value()) < MIN_SECRET_LENGTH:
            raise ValueError(f"OIMS_AUTOMATION_TOKEN: must have at least {MIN_SECRET_LENGTH} characters")
        return self

    @property
    def alertmanagers(self) -> tuple[Alertmanager, ...]:
        """Return those to ask, with how to log in."""
        password = self.alertmanager_password.get_secret_value if self.alertmanager_password else None
        token = self.alertmanager_token.get_secret_value if self.alertmanager_token else None
        name = self.alertmanager_username
        return tuple(
            alertmanager(url, name=name, password=password, token=token) for url in self.alertmanager_url
        )

    @property
    def base_path(self) -> str:
        """Return the path of the base address, without a slash at its end; empty at the root of a host."""
        return urlsplit(self.base_url).path

    @property
    def cookies_are_secure(self) -> bool:
        """Say whether cookies carry ``Secure``."""
        return self.base_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure


def _pairs(value: str) -> dict[str, str]:
    """Read `a=b,c=d`; what has no `=` stands for nothing and is refused later."""
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): word.strip() for name, _, word in pairs}


def _address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        raise ValueError(f"{value!r} is not a mail address") from None


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
