"""Styles, scripts and icons: kept by browsers for good, and small on the way.

Each stands under an address that changes with its content.
"""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

ENDPOINT = "static"
FOLDER = Path(__file__).parent / "static"
FOR_GOOD_S = 365 * 24 * 3600
COMPRESSED = {".css", ".js", ".svg"}


@cache
def version(filename: str) -> str:
    """Return what changes when the file does; empty when there is no such file."""
    path = FOLDER / filename
    return sha256(path.read_bytes()).hexdigest()[:12] if path.is_file() else ""


@cache
def _compressed(filename: str) -> bytes:
    return gzip.compress((FOLDER / filename).read_bytes(), mtime=0)


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == ENDPOINT and "filename" in values:
        values["v"] = version(values["filename"])


def _answer(response: Response) -> Response:
    """Let what has its version be kept, and compress what gets smaller by it."""
    if request.endpoint != ENDPOINT or response.status_code != 200:  # noqa: PLR2004 - an HTTP status
        return response
    filename = (request.view_args or {})["filename"]
    if request.args.get("v") == version(filename):
        response.headers["Cache-Control"] = f"public, max-age={FOR_GOOD_S}, immutable"
    if Path(filename).suffix in COMPRESSED:
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            response.close()  # the file itself is not sent
            response.direct_passthrough = False
            response.set_data(_compressed(filename))
            response.headers["Content-Encoding"] = "gzip"
            response.set_etag(f"{version(filename)}-gzip")
    return response


def init_app(app: Flask) -> None:
    """Install both."""
    app.url_defaults(_add_version)
    app.after_request(_answer)
