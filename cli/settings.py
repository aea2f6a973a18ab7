"""Where the app is, whom to trust, and with which token to ask: OIMS_URL, OIMS_CA_FILE, OIMS_TOKEN[_FILE]."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import USAGE, CommandError
from contract import secret_files
from contract.trust import trusting


@dataclass(frozen=True)
class Settings:
    """The address without a slash at its end, and the secret."""

    url: str
    token: str
    ca_file: Path | None = None


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables.

    Raises:
        CommandError: one is missing or wrong; the sentence names it.

    """
    url = environment.get("OIMS_URL", "").rstrip("/")
    if not url:
        raise CommandError(
            "OIMS_URL is not set; set it to the app's address, such as https://oims.example.org.", USAGE
        )
    check_address("OIMS_URL", url)
    return Settings(url, _token(environment), _ca_file(environment))


def check_address(name: str, url: str) -> None:
    """Check what a variable says of a server's address; a request to another would fail each time.

    Raises:
        CommandError: it is none; the sentence names the variable and not its value, which may be a secret.

    """
    try:
        parts = urlsplit(url)
        is_sound = (parts.port or 1) > 0 and bool((parts.hostname or "").encode("idna"))
    except ValueError:
        is_sound = False
    if not is_sound or parts.scheme not in {"http", "https"}:
        raise CommandError(f"{name} must start with http:// or https:// and name a host.", USAGE)
    if "@" in parts.netloc:
        raise CommandError(f"{name} must not have a name or password before the host.", USAGE)
    rest = parts.path + parts.query + parts.fragment
    if not (url.isprintable() and rest.isascii() and " " not in url):
        raise CommandError(f"{name} has characters that no address has; write them as %XX.", USAGE)


def _ca_file(environment: Mapping[str, str]) -> Path | None:
    path = environment.get("OIMS_CA_FILE", "")
    if not path:
        return None
    try:
        trusting(Path(path))
    except ValueError as error:
        raise CommandError(f"OIMS_CA_FILE: {error}.", USAGE) from None
    return Path(path)


def secret(environment: Mapping[str, str], name: str) -> str:
    """Return a secret, given itself or as a file; empty where neither is.

    Raises:
        CommandError: both are given, or the file can't be read.

    """
    try:
        return secret_files.find(environment, name) or ""
    except secret_files.SecretFileError as error:
        raise CommandError(f"{error}.", USAGE) from None


def _token(environment: Mapping[str, str]) -> str:
    token = secret(environment, "OIMS_TOKEN")
    if not token:
        raise CommandError("OIMS_TOKEN is not set; set it, or OIMS_TOKEN_FILE, to an API token.", USAGE)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise CommandError("OIMS_TOKEN is not a token; it has characters that no token has.", USAGE)
    return token
