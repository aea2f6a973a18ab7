"""Writing to stdout."""

import json
import sys
from typing import Any


def print_line(text: str) -> None:
    """Write lines; what the terminal's encoding lacks becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")


def print_json(value: Any) -> None:
    """Write JSON in ASCII, which no encoding and no terminal can get wrong."""
    print_line(json.dumps(value, indent=2))
