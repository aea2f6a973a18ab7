"""An OCI registry in memory, for images and charts."""

import subprocess
import urllib.request
from contextlib import contextmanager, suppress

from tests.chart.rendering import tool
from tests.processes import free_port
from tests.waiting import until


@contextmanager
def oci_registry():
    """A registry on this machine, as host and port."""
    port = free_port()
    address = f"127.0.0.1:{port}"

    def answers():
        with suppress(OSError), urllib.request.urlopen(f"http://{address}/v2/", timeout=5) as answer:
            return answer.status == 200
        return False

    command = [tool("registry"), "-port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(answers, 30)
            yield address
        finally:
            server.kill()
