"""The variables of a run: a file of its own, texts marked so that Ansible never takes them for templates."""

import json
import os
from pathlib import Path

from automation.ledger.runs import Variables

PREFIX = "oims_"


def write_variables(path: Path, variables: Variables) -> None:
    """Write the variables file, readable by its owner only.

    `__ansible_unsafe` keeps Jinja in a value from being run; a plain extra variable would run it.
    """
    document = {
        PREFIX + name: {"__ansible_unsafe": value} if isinstance(value, str) else value
        for name, value in variables.items()
    }
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
