"""Debian's servers, run from where `make servers` puts them, and its reverse proxies."""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.processes import free_port
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / ".tools" / "debian"
LIBRARIES = PLACE / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
NOBODY = 65534

needed = pytest.mark.skipif(
    not (PLACE / "complete").exists(), reason="Debian's servers are not there; run: make servers"
)


@contextmanager
def own_folder():
    """A folder that a server without rights can write; pytest's own is closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="oims-server-"))
    if os.getuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server:
    """A program that listens on a port of 127.0.0.1."""

    def __init__(self, folder, port=None):
        self.folder, self.port = folder, port or free_port()

    def run(self, *command, keeps_root=False, **variables):
        """Start it, without the rights of root unless it needs them, and wait until it listens."""
        drops = os.getuid() == 0 and not keeps_root
        drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if drops else {}
        libraries = f"{LIBRARIES}:{PLACE / 'usr/lib/postfix'}"
        environment = {"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": libraries} | variables
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env=environment,
                cwd=self.folder,
                stdout=output,
                stderr=output,
                **drop,
            )
        until(self._listens, 30)
        return self

    def _listens(self):
        assert self.process.poll() is None, (self.folder / "output").read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5):
            return True
        return False

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Nginx(Server):
    """nginx before a web server, as its documentation says."""

    HEADERS = (
        "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
        "proxy_set_header X-Forwarded-Proto $scheme;"
    )

    def start(self, path, address, *, takes_off):
        """Pass on what is asked below ``path``, which ends in a slash; with or without the path itself."""
        to = f"{address}/" if takes_off else address
        return self.serve(f"location {path} {{ proxy_pass {to}; {self.HEADERS} }}")

    def serve(self, *locations):
        """Serve these locations, written as nginx reads them."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        for kind in kinds:
            (self.folder / kind).mkdir()
            (self.folder / kind).chmod(0o777)
        places = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        served = "\n    ".join(locations)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nworker_processes 1;\npid {self.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\n  access_log off;\n{places}"
            f"  server {{\n    listen 127.0.0.1:{self.port};\n    {served}\n  }}\n}}\n"
        )
        return self.run(PLACE / "usr/sbin/nginx", "-c", self.folder / "nginx.conf", "-e", "stderr")


class Caddy(Server):
    """Caddy before a web server; it sets the headers of a proxy by itself."""

    def start(self, path, address, *, takes_off):
        """Pass on what is asked below ``path``; with or without the path itself."""
        handle = "handle_path" if takes_off else "handle"
        (self.folder / "Caddyfile").write_text(
            "{\n  admin off\n  auto_https off\n}\n"
            f"http://127.0.0.1:{self.port} {{\n  bind 127.0.0.1\n"
            f"  {handle} {path}* {{\n    reverse_proxy {address.removeprefix('http://')}\n  }}\n}}\n"
        )
        command = (PLACE / "usr/bin/caddy", "run", "--config", self.folder / "Caddyfile")
        return self.run(*command, HOME=str(self.folder))


class Haproxy(Server):
    """HAProxy before a web server, as its documentation says."""

    def start(self, path, address, *, takes_off):
        """Pass on what is asked below ``path``; with or without the path itself."""
        rewrite = f"  http-request replace-path {path}(.*) /\\1\n" if takes_off else ""
        (self.folder / "haproxy.cfg").write_text(
            "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
            f"listen proxy\n  bind 127.0.0.1:{self.port}\n  option forwardfor\n"
            f"  http-request set-header X-Forwarded-Proto http\n{rewrite}"
            f"  server app {address.removeprefix('http://')}\n"
        )
        return self.run(PLACE / "usr/sbin/haproxy", "-db", "-f", self.folder / "haproxy.cfg")
