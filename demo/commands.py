"""`python -m demo.commands`: commands of the app, as an administrator gives them, but all in one process.

Loading the app takes most of the time of each. Reads a list from stdin, each command as its words and what is
typed in; writes the list of what they print to stdout. The first that fails ends it, with its status.
"""

import contextlib
import io
import json
import sys

from app.cli import main


def run(words: list[str], given: str) -> str:
    """Return what a command prints. Raises SystemExit with its status when it fails."""
    sys.stdin = io.StringIO(given)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = main(words)
    if status:
        sys.exit(status)
    return said.getvalue()


if __name__ == "__main__":
    sys.stdout.write(json.dumps([run(*command) for command in json.load(sys.stdin)]))
