"""Sessions of requests that trust a private authority; only for parts that carry requests."""

from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from contract.trust import trusting


class _Trusting(HTTPAdapter):
    """Gives its connections a context of ours, to which requests adds the authorities it ships."""

    def __init__(self, ca_file: Path) -> None:
        self._ca_file = ca_file
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Do as requests does, with the context."""
        super().init_poolmanager(*arguments, ssl_context=trusting(self._ca_file), **options)


def trust(session: requests.Session, ca_file: Path | None) -> None:
    """Have a session trust an authority too; without a file it trusts whom requests trusts by itself."""
    if ca_file is not None:
        session.mount("https://", _Trusting(ca_file))


def session(ca_file: Path | None) -> requests.Session:
    """Make a session that trusts an authority too."""
    made = requests.Session()
    trust(made, ca_file)
    return made
