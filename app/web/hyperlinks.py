"""Links out of an alert: its texts are hostile, so only plain web addresses become links."""

from urllib.parse import urlsplit

from contract import limits

MAX_URL_LENGTH = limits.URL


def safe_url(text: str | None) -> str | None:
    """Return `text` if it is an http or https address with a host, else None.

    `javascript:`, `data:`, scheme-relative addresses, spaces and control characters never pass.
    """
    if not text or len(text) > MAX_URL_LENGTH or any(c.isspace() or not c.isprintable() for c in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and parts.hostname else None
