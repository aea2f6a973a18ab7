"""Addresses to listen on: host:port, an IPv6 address in brackets; `[::]` is all, of both families."""

import socket
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from pydantic import AfterValidator

ALL = "::"
HIGHEST_PORT = 65535


def split(bind: str) -> tuple[str, int]:
    """Return host and port. Raises ValueError with what is wrong."""
    host, _, port = bind.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) <= HIGHEST_PORT) or " " in host:
        raise ValueError("is not an address to listen on; write host:port, such as 0.0.0.0:5000 or [::]:5000")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if not _is_ipv6(host):
            raise ValueError(
                f"has no IPv6 address in its brackets; write [::1]:{port}, or a host without any"
            )
    elif ":" in host:
        raise ValueError(f"needs brackets around its IPv6 address; write [{host}]:{port}")
    return host, int(port)


def has_ipv6() -> bool:
    """Say whether this system can listen on IPv6 addresses."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind((ALL, 0))
    except OSError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        return isinstance(ip_address(host), IPv6Address)
    except ValueError:
        return False


def _checked(bind: str) -> str:
    split(bind)
    return bind


type Bind = Annotated[str, AfterValidator(_checked)]
