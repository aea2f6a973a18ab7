"""The bar of a heartbeat's last pings: the geometry of it; the template writes it as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.formats import duration, exact
from app.records.heartbeats import KEPT_PINGS, HeartbeatPing, PingKind
from app.web import words

STEP = 10
WIDTH = 7
HEIGHT = 32
MIDDLE = 16
ALL = STEP * KEPT_PINGS
KINDS = {PingKind.SUCCESS: "ok", PingKind.FAIL: "critical"}


@dataclass(frozen=True)
class Bar:
    """A ping: a full bar where it ended a run, half a bar where it only started one or left a message."""

    x: int
    y: int
    height: int
    kind: str
    label: str


def draw(pings: Sequence[HeartbeatPing], zone: str) -> Sequence[Bar]:
    """Return the bars of pings that are given newest first; the newest stands at the right end."""
    return [
        _bar(ping, ALL - STEP * place + (STEP - WIDTH) // 2, zone)
        for place, ping in enumerate(pings, start=1)
    ]


def describe(pings: Sequence[HeartbeatPing]) -> str:
    """Return in words what the bars show."""
    if not pings:
        return "No ping yet."
    failed = sum(ping.kind is PingKind.FAIL for ping in pings)
    return f"{len(pings)} pings, {failed} of them failures; the newest is at the right."


def _bar(ping: HeartbeatPing, x: int, zone: str) -> Bar:
    is_end = ping.kind in KINDS
    label = f"{exact(ping.at, zone)}: {words.PINGS[ping.kind].word}"
    if ping.exit_status is not None:
        label += f", exit status {ping.exit_status}"
    if ping.duration_s is not None:
        label += f", took {duration(ping.duration_s)}"
    height = HEIGHT if is_end else MIDDLE
    return Bar(x, HEIGHT - height, height, KINDS.get(ping.kind, "off"), label)
