"""How the values of settings are written, and what each kind has to be."""

import ipaddress
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from app import severities
from app.severities import Severity
from contract import durations

MIN_SECRET_LENGTH = 32
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,20}")
_BASE_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")


def _duration(value: object) -> object:
    return timedelta(seconds=durations.read(value)) if isinstance(value, str) else value


def _list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _pairs(value: object) -> object:
    """Read `a=b,c=d`; what has no `=` stands for nothing and is refused later."""
    return _split(value) if isinstance(value, str) else value


def _split(value: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): word.strip() for name, _, word in pairs}


def _severity_words(value: object) -> object:
    if not isinstance(value, str):
        return value
    return {severities.plain(word): severity.lower() for word, severity in _split(value).items()}


def _lists(value: object) -> object:
    if not isinstance(value, str):
        return value
    return {severity: tuple(addresses.split()) for severity, addresses in _split(value).items()}


def _address(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, globally_deliverable=False).normalized
    except EmailNotValidError:
        raise ValueError(f"{value!r} is not a mail address") from None


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_address(item) for item in value)


def _address_lists(value: dict[Severity, tuple[str, ...]]) -> dict[Severity, tuple[str, ...]]:
    for severity, items in value.items():
        if not items:
            raise ValueError(f"names nobody for {severity}; write {severity}=name@example.org")
    return {severity: _addresses(items) for severity, items in value.items()}


def _issuer(value: str) -> str:
    """Insist on TLS: whoever stands between app and provider could be anybody."""
    parts = urlsplit(value)
    if value and parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError("must start with https://")
    return value


def _http_url(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value.rstrip("/")


def _plain_base(value: str) -> str:
    """Insist on what every address can be made from: a host, and a path of ordinary segments."""
    parts = urlsplit(value)
    is_plain = _BASE_PATH.fullmatch(parts.path)
    if not parts.hostname or parts.query or parts.fragment or parts.username or not is_plain:
        raise ValueError(
            "must be an address such as https://oims.example.org or https://example.org/oims, "
            "without a query, a name or a password"
        )
    return value


def _database(value: str) -> str:
    """Name the driver, and make a relative SQLite path absolute: it means the working directory."""
    scheme, _, rest = value.partition("://")
    if scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return f"sqlite:///{Path(rest[1:]).absolute()}"
    raise ValueError("must be sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>")


def _destinations(value: tuple[str, ...]) -> tuple[str, ...]:
    for item in value:
        try:
            ipaddress.ip_network(item, strict=False)
        except ValueError:
            if not _HOST.fullmatch(item):
                raise ValueError(f"{item!r} is neither a network nor the name of a host") from None
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"must have at least {MIN_SECRET_LENGTH} characters, for example from `openssl rand -hex 32`"
        )
    return value


Destinations = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list), AfterValidator(_destinations)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_list)]
Roles = Annotated[tuple[Literal["viewer", "responder", "admin"], ...], NoDecode, BeforeValidator(_list)]
RolesByGroup = Annotated[
    dict[str, Literal["viewer", "responder", "admin"]], NoDecode, BeforeValidator(_pairs)
]
SeverityWords = Annotated[dict[str, Severity], NoDecode, BeforeValidator(_severity_words)]
Address = Annotated[str, AfterValidator(lambda value: _address(value) if value else value)]
Addresses = Annotated[Words, AfterValidator(_addresses)]
AddressesBySeverity = Annotated[
    dict[Severity, tuple[str, ...]], NoDecode, BeforeValidator(_lists), AfterValidator(_address_lists)
]
Issuer = Annotated[str, AfterValidator(_issuer)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
BaseUrl = Annotated[HttpUrl, AfterValidator(_plain_base)]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
LongSecret = Annotated[SecretStr, AfterValidator(_long)]
