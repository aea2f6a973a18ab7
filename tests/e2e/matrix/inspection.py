"""`oims doctor` over copies of what the parts of a release have stored."""

import base64
import json
import subprocess
import sys
from urllib.parse import urlsplit

from tests.e2e.cluster import ROOT
from tests.e2e.forward import Forward
from tests.e2e.patience import patient

COPY = """
import base64, os, sqlite3, sys
source = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
copy = sqlite3.connect("/tmp/copy.db")
source.backup(copy)
copy.close()
print(base64.b64encode(open("/tmp/copy.db", "rb").read()).decode())
os.remove("/tmp/copy.db")
"""


def copied(namespace, pod, container, path, to):
    """Write a copy of a pod's SQLite file to a file of ours; return that."""
    command = ("exec", pod, "-c", container, "--", "python", "-c", COPY, path)
    to.write_bytes(base64.b64decode(namespace.kubectl(*command)))
    return to


def findings(*options):
    """Return the invariants that do not hold, with what the doctor says of them."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "doctor", "--json", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=patient(120),
    )
    assert done.returncode in {0, 1}, done.stderr
    return [item for item in json.loads(done.stdout)["invariants"] if item["result"] == "failed"]


class PostgresDoor:
    """The bundled PostgreSQL at an address of this machine."""

    def __init__(self, release):
        self._forward = Forward(release.namespace.name, "pod/oims-postgres-0", 5432)
        self._password = release.secret("postgres", "password")

    def __enter__(self):
        port = urlsplit(self._forward.url).port
        return f"postgresql://oims:{self._password}@127.0.0.1:{port}/oims"

    def __exit__(self, *_error):
        self._forward.close()
