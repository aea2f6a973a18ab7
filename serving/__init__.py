"""The web server under webhook and app: Tornado reads HTTP, a crew of threads runs the WSGI application.

A request reaches a thread once it has arrived whole, and every step of a connection has a deadline, so no
number of slow clients takes a thread from the others (docs/decisions/0001-http-server.md).
"""

from serving.certificate import Certificate, CertificateError
from serving.exposition import exposition_application
from serving.limits import Limits
from serving.server import BindError, Listener, serve

__all__ = [
    "BindError",
    "Certificate",
    "CertificateError",
    "Limits",
    "Listener",
    "exposition_application",
    "serve",
]
