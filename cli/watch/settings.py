"""What a watcher needs: the app's address and a token, and at least one way to tell people."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path

from cli import settings
from cli.errors import USAGE, CommandError

TLS = ("none", "starttls", "tls")
MAX_PORT = 65535


@dataclass(frozen=True)
class Mail:
    """A mail server, who sends, and to whom."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str
    to: tuple[str, ...]
    ca_file: Path | None


@dataclass(frozen=True)
class Settings:
    """Whom to ask, and how to tell."""

    app: settings.Settings
    mail: Mail | None
    call: str

    @property
    def ways(self) -> tuple[str, ...]:
        """Return the ways to tell people."""
        return (*(["mail"] if self.mail else []), *(["call"] if self.call else []))


def load(url: str, environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; `url`, if given, wins over OIMS_URL.

    Raises:
        CommandError: one is missing or wrong; the sentence names it.

    """
    app = settings.load({**environment, **({"OIMS_URL": url} if url else {})})
    call = settings.secret(environment, "OIMS_WATCH_CALL")
    if call:
        settings.check_address("OIMS_WATCH_CALL", call)
    found = Settings(app, _mail(environment, app.ca_file), call)
    if not found.ways:
        raise CommandError(
            "There is no way to tell anybody: set OIMS_SMTP_HOST and OIMS_MAIL_TO, or OIMS_WATCH_CALL.", USAGE
        )
    return found


def _mail(environment: Mapping[str, str], ca_file: Path | None) -> Mail | None:
    host = environment.get("OIMS_SMTP_HOST", "")
    if not host:
        return None
    to = tuple(one.strip() for one in environment.get("OIMS_MAIL_TO", "").split(",") if one.strip())
    sender = environment.get("OIMS_SMTP_FROM", "oims-watch@localhost.localdomain")
    if not to:
        raise CommandError("OIMS_MAIL_TO is not set; name who gets the mail of the watcher.", USAGE)
    for address in (*to, sender):
        if not _is_address(address):
            raise CommandError(f"OIMS_MAIL_TO, OIMS_SMTP_FROM: {address!r} is not a mail address.", USAGE)
    port, tls = environment.get("OIMS_SMTP_PORT", "25"), environment.get("OIMS_SMTP_TLS", "none")
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) <= MAX_PORT):
        raise CommandError(f"OIMS_SMTP_PORT: {port!r} is not a port.", USAGE)
    if tls not in TLS:
        raise CommandError(f"OIMS_SMTP_TLS must be one of {', '.join(TLS)}.", USAGE)
    user, password = environment.get("OIMS_SMTP_USER", ""), settings.secret(environment, "OIMS_SMTP_PASSWORD")
    return Mail(host, int(port), tls, user, password, sender, to, ca_file)


def _is_address(text: str) -> bool:
    """Say whether a mail can be written to an address: found out now, not when the mail is needed."""
    try:
        Address(addr_spec=text)
    except (MessageError, ValueError, IndexError, AttributeError):  # the last two: the parser's own defects
        return False
    return text.isprintable() and " " not in text
