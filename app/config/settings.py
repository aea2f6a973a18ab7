"""The settings of the incident app: one frozen object, read once, complete or the start stops."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.config.values import (
    MIN_SECRET_LENGTH,
    Address,
    Addresses,
    AddressesBySeverity,
    BaseUrl,
    DatabaseUrl,
    Destinations,
    Duration,
    HttpUrl,
    Issuer,
    LongSecret,
    Roles,
    RolesByGroup,
    SeverityWords,
    Words,
)
from contract import labels
from contract.alertmanagers import Alertmanager, addresses, alertmanager, login_fault
from contract.binds import Bind
from contract.ca_file import CA_FILE_DESCRIPTION, CaFile

PREFIX = "OIMS_"
MIN_PASSWORD_LENGTH = 8


class Settings(BaseSettings):
    """Everything that can be set, from ``OIMS_*`` variables; secrets also from a file by ``OIMS_*_FILE``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: DatabaseUrl = Field(
        "sqlite:///instance/site.db", description="Database, SQLite file or PostgreSQL URL."
    )
    secret_key: LongSecret = Field(
        description="Signs cookies; at least 32 characters, the same on all replicas."
    )
    secret_key_old: LongSecret | None = Field(
        None,
        description="The secret key before the present one: what it has signed and encrypted stays good, "
        "and `migrate` encrypts anew what is kept.",
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
    base_url: BaseUrl = Field(
        "http://localhost:5000", description="How browsers reach the app; used in mails."
    )
    cookie_secure: bool | None = Field(
        None, description="Send cookies over HTTPS only; default: by OIMS_BASE_URL."
    )
    proxy_hops: int = Field(
        0, ge=0, le=5, description="Reverse proxies in front, whose X-Forwarded-For tells the caller."
    )
    registration: Literal["open", "approval", "closed"] = Field(
        "closed", description="Whether people may register."
    )

    oidc_issuer: Issuer = Field("", description="OpenID Connect provider for single sign-on; empty: off.")
    oidc_client_id: str = Field("", description="Name of the app at the provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Secret of the app at the provider.")
    oidc_role_claim: str = Field(
        "", description="Claim with a person's groups; empty: roles are given by administrators."
    )
    oidc_roles: RolesByGroup = Field(
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
    second_factor_roles: Roles = Field(
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
    smtp_from: Address = Field("oims@localhost.localdomain", description="Sender of the mails.")
    mail_to: Addresses = Field(
        (), description="On-call list: addresses that hear of every incident, separated by commas."
    )
    escalate_to: AddressesBySeverity = Field(
        {},
        description="Further recipients, by severity, when an incident is escalated or automation gives up, "
        "as in `critical=lead@example.org boss@example.org,high=lead@example.org`.",
    )
    mail_cap: int = Field(
        20,
        ge=1,
        description="Mails about incidents that a person gets in an hour; the others come in digests.",
    )

    page_cap: int = Field(
        20,
        ge=1,
        description="Pages of escalation chains that a person gets in an hour; the rest is only counted.",
    )

    journal_url: HttpUrl = Field(
        "", description="The webhook, for GET /events; empty: no alerts are taken in."
    )
    journal_token: SecretStr | None = Field(None, description="The webhook's reader token.")
    journal_silent_after: Duration = Field(
        timedelta(minutes=2),
        ge=timedelta(seconds=2),
        description="How long the worker may fail to read the journal before it opens an incident.",
    )
    watchdog_silent_after: Duration = Field(
        timedelta(minutes=3),
        description="How long the alert Watchdog may stay away before the worker opens an incident; more "
        "than the minute after which Prometheus sends its alerts again. `0s`: never.",
    )
    worker_silent_after: Duration = Field(
        timedelta(minutes=1),
        ge=timedelta(seconds=2),
        description="How long a worker may give no sign of life before GET /api/v1/health calls it silent.",
    )
    outgoing_allow: Destinations = Field(
        (),
        description="Networks (CIDR), addresses and hosts inside that outgoing webhooks and contact methods "
        "may use, separated by commas; empty: only hosts outside.",
    )
    reopen_window: Duration = Field(
        timedelta(minutes=30),
        description="An alert that fires again within this time reopens its incident.",
    )
    run_lost_after: Duration = Field(
        timedelta(minutes=15),
        description="How long automation may report nothing of a run or verdict before it counts as unknown.",
    )
    severity_labels: Words = Field(
        labels.SEVERITY,
        min_length=1,
        description="Labels that give an alert's severity, separated by commas, the most telling first.",
    )
    severity_words: SeverityWords = Field(
        {}, description="Further words for severities, as in `p0=critical,besteffort=low`."
    )
    service_labels: Words = Field(
        labels.SERVICE,
        min_length=1,
        description="Labels that give an alert's service, separated by commas, the most telling first; "
        "an exporter is never the service.",
    )
    exporter_labels: Words = Field(
        labels.PASSING,
        description="Labels that tell of the exporter that measured an alert: one that differs only in these "
        "is no second incident. `none` for a difference in any label.",
    )
    title_template: str = Field(
        "{what}: {where}",
        min_length=1,
        max_length=500,
        description="The title of an incident of an alert. In braces: a label, an annotation, `what` (the "
        "summary, message or name of the alert) or `where` (namespace and workload, node or instance).",
    )
    prometheus_url: HttpUrl = Field(
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

    admin_email: Address = Field("", description="First administrator, made by `migrate` when missing.")
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
