"""The environment of a WSGI call (PEP 3333), from a request that Tornado has read."""

import io
import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from tornado.httputil import HTTPServerRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_UNPREFIXED = {"CONTENT_TYPE", "CONTENT_LENGTH"}


def environ_of(request: HTTPServerRequest, body: bytes, *, server: tuple[str, int]) -> "WSGIEnvironment":
    """Describe a request whose body is ``body``, or for a refused one its beginning."""
    path, _, query = (request.uri or "").partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": request.version,
        "REMOTE_ADDR": request.remote_ip or "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.protocol,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        # X_Real_IP would otherwise pass for the X-Real-IP of a proxy.
        if "_" not in name:
            key = name.upper().replace("-", "_")
            environ[key if key in _UNPREFIXED else f"HTTP_{key}"] = value
    if environ.pop("HTTP_TRANSFER_ENCODING", None):
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ
