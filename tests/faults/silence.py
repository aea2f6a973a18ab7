"""PostgreSQL that accepts and is silent: behind a proxy that stops passing bytes on, or frozen itself."""

import os
import selectors
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict


class Proxy:
    """Passes bytes between TCP clients and a server's socket, until told to be silent."""

    def __init__(self, server_url):
        given = conninfo_to_dict(server_url)
        self._server = f"{given['host']}/.s.PGSQL.{given.get('port', 5432)}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._database = given.get("dbname", "postgres")
        self._user = given.get("user", "postgres")
        self.is_silent = False
        self._pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"postgresql://{self._user}:x@127.0.0.1:{self._listener.getsockname()[1]}/{self._database}"

    def end(self):
        self._listener.close()
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while self._listener.fileno() != -1:
            with suppress(OSError):
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client):
        """Take in what comes even when silent, as a kernel does; none of it arrives."""
        server = socket.socket(socket.AF_UNIX)
        self._pairs.append((client, server))
        with client, server, selectors.DefaultSelector() as ready, suppress(OSError):
            server.connect(self._server)
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    if not self.is_silent:
                        key.data.sendall(data)


@contextmanager
def frozen(server_url):
    """Stop every process of a server for the time of the block."""
    with psycopg.connect(server_url) as connection:
        (folder,) = connection.execute("SHOW data_directory").fetchone()
    postmaster = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    pids = [postmaster, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
