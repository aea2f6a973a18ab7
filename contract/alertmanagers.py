"""The Alertmanagers that parts ask: where they are, and how to log in there."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

MOST = 10
"""Alertmanagers that can be set."""


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """An Alertmanager: its address without name and password, and what its header Authorization is now."""

    url: str
    authorization: Callable[[], str]

    def headers(self) -> dict[str, str]:
        """Return the headers of a request for JSON."""
        login = self.authorization()
        return {"Accept": "application/json"} | ({"Authorization": login} if login else {})


def addresses(value: object) -> object:
    """Read addresses that are separated by commas; each once, without a slash at its end.

    Raises ValueError with the one that is wrong, but never with a password.
    """
    if not isinstance(value, str):
        return value
    found = tuple(dict.fromkeys(part.strip().rstrip("/") for part in value.split(",") if part.strip()))
    if len(found) > MOST:
        raise ValueError(f"has {len(found)} addresses; at most {MOST} can be asked")
    for number, url in enumerate(found, 1):
        fault = _fault(url)
        if fault:
            raise ValueError(f"{f'address {number} of {len(found)} ' if len(found) > 1 else ''}{fault}")
    return found


def login_fault(urls: Sequence[str], *, has_name: bool, has_password: bool, has_token: bool) -> str | None:
    """Say what is wrong with the ways to log in that are set, with the variable; none if nothing is."""
    if has_name != has_password:
        return "OIMS_ALERTMANAGER_USERNAME and OIMS_ALERTMANAGER_PASSWORD_FILE: set both or none"
    ways = [any(urlsplit(url).username for url in urls), has_name, has_token]
    if sum(ways) > 1:
        return (
            "OIMS_ALERTMANAGER_URL: log in one way: by a name and password in the address, by "
            "OIMS_ALERTMANAGER_USERNAME, or by OIMS_ALERTMANAGER_TOKEN"
        )
    if any(ways) and not urls:
        return "OIMS_ALERTMANAGER_URL: is needed with a name or token for Alertmanager"
    return None


def alertmanager(
    url: str, *, name: str = "", password: Callable[[], str] | None, token: Callable[[], str] | None
) -> Alertmanager:
    """Return an Alertmanager that is logged in to as its address says, or else by name or token."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    if parts.username:
        header = _basic(unquote(parts.username), unquote(parts.password or ""))
        return Alertmanager(bare, lambda: header)
    if name and password:
        return Alertmanager(bare, lambda: _basic(name, password()))
    if token:
        return Alertmanager(bare, lambda: f"Bearer {token()}")
    return Alertmanager(bare, lambda: "")


def _fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        return "is not an http or https address, such as http://oims-alertmanager:9093"
    if "@" in parts.path:
        return "has a / in its name or password; write it as %2F"
    if parts.query or parts.fragment:
        return "has a query or a fragment; give Alertmanager's own page, with its path if it has one"
    if (parts.username is not None or parts.password is not None) and not (parts.username and parts.password):
        return "has a name or a password alone; give both or none"
    return None


def _basic(name: str, password: str) -> str:
    """Return the header Authorization of a name and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
