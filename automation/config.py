"""Settings: environment variables `OIMS_*`, read once into one frozen object."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from automation.errors import ConfigurationError
from contract import binds, durations, limits, secret_files
from contract.ca_file import CA_FILE_DESCRIPTION, CaFile

PREFIX = "OIMS_"
SECRETS = ("journal_token", "event_key", "app_token")


def _time(value: object) -> object:
    """Read a duration; a bare number is seconds, as the monitor hands it over."""
    if not isinstance(value, str):
        return value
    return timedelta(seconds=durations.read(value if value[-1:].isalpha() else f"{value}s"))


Time = Annotated[timedelta, BeforeValidator(_time)]


def _bind(value: str) -> str:
    if value and not binds.split(value)[1]:
        raise ValueError("needs a port; write host:port, such as 127.0.0.1:9464")
    return value


Bind = Annotated[str, AfterValidator(_bind)]


class Settings(BaseSettings):
    """Everything automation can be told from outside."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    journal_url: AnyHttpUrl = Field(description="Base URL of the webhook, which serves the journal.")
    journal_token: SecretStr = Field(min_length=1, description="Reader token of the journal.")
    event_key: SecretStr = Field(min_length=1, description="Key that signs events; the webhook has the same.")
    app_url: AnyHttpUrl = Field(description="Base URL of the incident app, which takes the reports.")
    app_token: SecretStr = Field(min_length=1, description="API token of the app with scope automation.")
    state_dir: Path = Field(description="Directory of the ledger; made with mode 0700 when missing.")
    playbooks: Path = Field(default=Path("playbooks"), description="Folder of the playbooks.")
    policy: Path | None = Field(default=None, description="Policy file; default <playbooks>/policy.yml.")
    allowed_signers_file: Path | None = Field(
        default=None,
        description="The signers of playbooks and policy (`man ssh-keygen`, ALLOWED SIGNERS); unset: they "
        "need no signature.",
    )
    inventory: Literal["kubernetes", "local"] = Field(
        default="kubernetes", description="Inventory: a folder of <playbooks>/inventories."
    )
    instance: str = Field(
        default_factory=socket.gethostname,
        min_length=1,
        max_length=limits.ID,
        pattern=r"^[!-~]+$",
        description="Name in heartbeats, of printable ASCII without spaces; default host name.",
    )
    location: Literal["host", "cluster"] = Field(default="host", description="Where this process runs.")
    stop_grace: Time = Field(
        default=timedelta(seconds=30),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="Time a run in flight gets when automation is stopped.",
    )
    warm_ansible: bool = Field(
        default=True,
        description="Keep a process that has loaded Ansible and forks one for each run, on Linux; false: "
        "each run starts Ansible afresh, with 1.6 times the processor time.",
    )
    report_heartbeat: Time = Field(
        default=timedelta(seconds=30),
        ge=timedelta(milliseconds=200),
        le=timedelta(minutes=5),
        description="Time between two heartbeats to the app.",
    )
    signal_timeout: Time = Field(
        default=timedelta(seconds=150),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="Time without a sign of Prometheus in Alertmanager after which no verdict is given but "
        "inconclusive; longer than Prometheus' resend delay (1m) and two looks of the webhook.",
    )
    lease: str = Field(
        default="",
        pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)?$",
        description="Kubernetes Lease that elects the leader among several automations; empty: no election.",
    )
    lease_namespace: str = Field(
        default="incident-mgmt",
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Namespace of the Lease.",
    )
    token_end_file: Path | None = Field(
        default=None,
        description="File with the time at which the token of the kubeconfig ends, as `host_setup.sh` writes "
        "it; a warning comes before.",
    )
    metrics_bind: Bind = Field(
        default="", description="Address and port of the metrics, such as 127.0.0.1:9464; empty: none."
    )
    ca_file: CaFile = Field(default=None, description=CA_FILE_DESCRIPTION)
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )

    @field_validator("state_dir", "playbooks", "policy", "allowed_signers_file", "token_end_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @property
    def policy_file(self) -> Path:
        """The policy file in use."""
        return self.policy or self.playbooks / "policy.yml"

    @property
    def inventory_dir(self) -> Path:
        """The inventory folder in use."""
        return self.playbooks / "inventories" / self.inventory

    def secret(self, name: str) -> str:
        """Return the text of the secret setting `name`."""
        value: SecretStr = getattr(self, name)
        return value.get_secret_value()


def load_paths() -> tuple[Path, Path]:
    """Return the playbooks folder and the policy file; who only looks at them needs no other setting."""
    folder = os.environ.get(f"{PREFIX}PLAYBOOKS") or Settings.model_fields["playbooks"].default
    playbooks = Path(folder).expanduser().absolute()
    policy = os.environ.get(f"{PREFIX}POLICY")
    return playbooks, Path(policy).expanduser().absolute() if policy else playbooks / "policy.yml"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises ConfigurationError naming every variable that is missing or wrong.
    """
    secrets = _secrets()
    try:
        return Settings(**secrets)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [_sentence(item["loc"], item["msg"], item["type"]) for item in error.errors()]
        raise ConfigurationError("\n".join(problems)) from None


def _secrets() -> dict[str, str]:
    try:
        found = {name: secret_files.find(os.environ, f"{PREFIX}{name.upper()}") for name in SECRETS}
    except secret_files.SecretFileError as error:
        raise ConfigurationError(str(error)) from None
    return {name: value for name, value in found.items() if value is not None}


def _sentence(loc: tuple[int | str, ...], message: str, kind: str) -> str:
    name = str(loc[0])
    variable = f"{PREFIX}{name.upper()}"
    also = f" (or {variable}_FILE)" if name in SECRETS else ""
    if kind == "missing":
        description = Settings.model_fields[name].description
        return f"{variable}{also} is not set: {description}"
    return f"{variable}{also}: {message.removeprefix('Value error, ')}"
