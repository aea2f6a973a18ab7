"""``python -m gate 5001=oims-webhook:5001 5000=oims-app:5000``: pass connections through until stopped."""

import argparse
import asyncio
import re
import signal
import sys
from pathlib import Path

from gate import logs
from gate.relay import Gate, Route

_ROUTE = re.compile(r"([0-9]{1,5})=([A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):([0-9]{1,5})")
_PORTS = range(1, 65536)


def main() -> int:
    """Exit status 0 after a normal end, 2 when an argument is wrong or a port is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m gate", description="Pass connections to ports of 127.0.0.1 through to other hosts."
    )
    parser.add_argument(
        "routes", nargs="+", type=_route, metavar="PORT=HOST:PORT", help="a port here, and where it leads"
    )
    parser.add_argument(
        "--pulse", type=Path, metavar="FILE", help="touch this file every few seconds while all ports listen"
    )
    arguments = parser.parse_args()
    logs.configure()
    try:
        asyncio.run(_serve(Gate(arguments.routes, arguments.pulse)))
    except OSError as error:
        sys.stderr.write(f"The gate can't start: {error.strerror}\n")
        return 2
    return 0


def _route(text: str) -> Route:
    found = _ROUTE.fullmatch(text)
    if found is None or int(found[1]) not in _PORTS or int(found[3]) not in _PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not PORT=HOST:PORT, such as 5000=oims-app:5000")
    return Route(int(found[1]), found[2], int(found[3]))


async def _serve(gate: Gate) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await gate.serve(stop)


if __name__ == "__main__":
    sys.exit(main())
