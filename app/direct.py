"""Requests from one part to another: directly, whatever proxy the environment names."""

import requests


def session() -> requests.Session:
    """Return a session that knows no proxy and no .netrc of the environment, which must not see a token."""
    made = requests.Session()
    made.trust_env = False
    return made
