"""Calls to addresses that people enter: to hosts outside only, each within bounds of time and size.

Python tells an audit hook of every connection just before it is made, with the address that it goes to.
Within `guarded` the hook refuses what lies inside. So the address that was checked is the address connected
to, whatever a name resolves to the next time, and whichever library connects. Redirects are not followed.
"""

import ipaddress
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Event, Timer
from urllib.parse import urlsplit

import requests

from app import direct
from contract import limits
from contract.text import decoded, one_line

SECONDS = 20
"""A call may take so long in all, from the first connection on."""
SILENCE_S = 10
INSIDE_NAMES = ("localhost", "local", "internal", "svc", "cluster.local", "home.arpa")
NAT64 = ipaddress.ip_network("64:ff9b::/96")

type Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Refused(OSError):
    """The address lies inside, or the time is over; the text says which."""


@dataclass(frozen=True)
class Allowed:
    """What an administrator allows of what lies inside."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Sequence[str]) -> "Allowed":
        """Read networks such as ``10.1.0.0/16``, addresses and names of hosts."""
        networks, hosts = [], set()
        for entry in entries:
            try:
                networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                hosts.add(_plain(entry))
        return cls(tuple(networks), frozenset(hosts))

    def includes(self, address: Ip) -> bool:
        """Say whether an address is allowed although it lies inside."""
        return any(address.version == network.version and address in network for network in self.networks)


def problem(url: str, allowed: Allowed) -> str | None:
    """Say in a sentence why an address can't be called, as far as it tells that by itself; nothing if it can.

    What its name resolves to is looked at when it is called.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is not an address such as https://example.org/path."
    if parts.scheme not in {"http", "https"} or not host or not url.isprintable() or " " in url:
        return "Write an address that begins with https:// or http://."
    if parts.username is not None or parts.password is not None:
        return "Leave name and password out of the address."
    if _is_inside(host, allowed):
        return f"{host} lies inside. An administrator can allow it in OIMS_OUTGOING_ALLOW."
    return None


def _is_inside(host: str, allowed: Allowed) -> bool:
    name = _plain(host)
    if name in allowed.hosts:
        return False
    with suppress(ValueError):
        return not may_reach(ipaddress.ip_address(name), allowed)
    return "." not in name or any(name == inside or name.endswith(f".{inside}") for inside in INSIDE_NAMES)


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()


def may_reach(address: Ip, allowed: Allowed) -> bool:
    """Say whether an address lies outside, or is allowed; an IPv4 address within one of IPv6 counts, too."""
    return all(
        allowed.includes(one) or (one.is_global and not one.is_multicast and not one.is_reserved)
        for one in _meant(address)
    )


def _meant(address: Ip) -> Sequence[Ip]:
    """Return the addresses that a packet may end at: of a mapped or tunnelled one, what it carries."""
    if address.version == 4:  # noqa: PLR2004 - of IP
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    carried: list[Ip] = [address]
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried.extend(address.teredo)
    if address in NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    return carried


class Guard:
    """What a guarded block may connect to, and the connections that it has made.

    ``refused`` says what was refused, for libraries that tell nobody why they failed.
    """

    def __init__(self, host: str, allowed: Allowed) -> None:
        self._allows_all = _plain(host) in allowed.hosts
        self._allowed = allowed
        self._connections: list[socket.socket] = []
        self._is_over = Event()
        self.refused = ""

    def check(self, connection: socket.socket, address: object) -> None:
        """Let a connection be made, or refuse it; without a network address it is always refused.

        Raises:
            Refused: it leads inside, or the time is over.

        """
        if self._is_over.is_set():
            raise self._refusal("it took too long")
        if connection.family not in {socket.AF_INET, socket.AF_INET6} or not isinstance(address, tuple):
            raise self._refusal("it is no address of a network")
        try:
            found = ipaddress.ip_address(str(address[0]).partition("%")[0])
        except ValueError:
            raise self._refusal("its name was not resolved before") from None
        if not self._allows_all and not may_reach(found, self._allowed):
            raise self._refusal(f"{found} lies inside, and OIMS_OUTGOING_ALLOW does not allow it")
        self._connections.append(connection.dup())

    def end(self) -> None:
        """Cut all connections: the time is over."""
        self._is_over.set()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Forget the connections."""
        for connection in self._connections:
            connection.close()

    @property
    def is_over(self) -> bool:
        """Say whether the time was over before the block was done."""
        return self._is_over.is_set()

    def _refusal(self, reason: str) -> Refused:
        self.refused = reason
        return Refused(reason)


_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


def _before_it_connects(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    guard = _guard.get()
    if guard is not None:
        connection, address = arguments
        if isinstance(connection, socket.socket):
            guard.check(connection, address)


sys.addaudithook(_before_it_connects)


@contextmanager
def guarded(host: str, allowed: Allowed, *, seconds: float = SECONDS) -> Iterator[Guard]:
    """Let the block connect to ``host`` and hosts outside only; cut what it has open after ``seconds``.

    It holds for the thread of the block, not for threads that the block starts.
    """
    guard = Guard(host, allowed)
    timer = Timer(seconds, guard.end)
    timer.daemon = True
    token = _guard.set(guard)
    timer.start()
    try:
        yield guard
    finally:
        _guard.reset(token)
        timer.cancel()
        guard.close()


class Unreachable(Exception):
    """There was no answer; ``reason`` says why, and ``is_refused`` that the address may not be called."""

    def __init__(self, reason: str, *, is_refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_refused = is_refused


@dataclass(frozen=True)
class Answer:
    """What was answered: the status, the beginning of the text, and how long to wait, if it says so."""

    status: int
    text: str
    retry_after_s: int = 0


def post(
    url: str, body: bytes, headers: Mapping[str, str], allowed: Allowed, *, seconds: float = SECONDS
) -> Answer:
    """Send a request and return the answer, whatever its status.

    Raises:
        Unreachable: the address may not be called, or there was no answer in time.

    """
    if (wrong := problem(url, allowed)) is not None:
        raise Unreachable(wrong, is_refused=True)
    host = urlsplit(url).hostname or ""
    with guarded(host, allowed, seconds=seconds) as guard, direct.session() as session:
        try:
            with session.post(
                url,
                data=body,
                headers={"User-Agent": "OIMS", "Accept-Encoding": "identity"} | dict(headers),
                timeout=SILENCE_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                found = _read(answer)
        except (requests.RequestException, OSError, ValueError) as error:
            raise Unreachable(_why(host, error, guard), is_refused=bool(guard.refused)) from None
        if guard.is_over:
            # What was cut off looks like an answer that has ended.
            raise Unreachable(f"{host} did not answer in time.")
        return found


def _read(answer: requests.Response) -> Answer:
    content = answer.raw.read(limits.ANSWER_BYTES, decode_content=False) or b""
    wait = answer.headers.get("Retry-After", "")
    seconds = int(wait) if wait.isascii() and wait.isdecimal() and len(wait) <= 6 else 0  # noqa: PLR2004 - days
    return Answer(answer.status_code, one_line(decoded(content), limits.SENTENCE), seconds)


def _why(host: str, error: BaseException, guard: Guard) -> str:
    if guard.is_over:
        return f"{host} did not answer in time."
    if guard.refused:
        return f"{host} was not called: {guard.refused}."
    words: list[tuple[type[BaseException], str]] = [
        (ssl.SSLCertVerificationError, f"The certificate of {host} can't be verified."),
        (socket.gaierror, f"There is no host {host}."),
        (TimeoutError, f"{host} did not answer in time."),
        (requests.Timeout, f"{host} did not answer in time."),
        (ConnectionRefusedError, f"{host} refused the connection."),
    ]
    causes = list(_causes(error))
    told = (sentence for cause in causes for kind, sentence in words if isinstance(cause, kind))
    return next(told, f"{host} can't be reached: {type(causes[-1]).__name__}.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what lies under it, the libraries' own wrappings too."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = next((one for one in error.args if isinstance(one, BaseException)), None)
        inner = inner or getattr(error, "reason", None)
        following = inner if isinstance(inner, BaseException) else None
        error = following or error.__cause__ or error.__context__
