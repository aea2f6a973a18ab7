"""A way to the API server that a test can cut."""

import contextlib
import select
import socket
import threading
from urllib.parse import urlsplit

PIECE = 65536


class Relay:
    """Carries bytes between a free port and an address, until it is cut."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._is_cut, self._ended = threading.Event(), False
        threading.Thread(target=self._accept, daemon=True).start()

    @classmethod
    def into(cls, kubeconfig):
        """Put itself in the way that a kubeconfig, a document, describes."""
        server = kubeconfig["clusters"][0]["cluster"]
        address = urlsplit(server["server"])
        relay = cls(address.hostname, address.port or 443)
        server |= {
            "server": f"https://127.0.0.1:{relay.port}",
            "tls-server-name": server.get("tls-server-name", address.hostname),
        }
        return relay

    def cut(self):
        """Carry nothing any more, without closing anything: nobody is told, as when a cable is pulled."""
        self._is_cut.set()

    def mend(self):
        """Carry bytes again."""
        self._is_cut.clear()

    def close(self):
        """End everything."""
        self._ended = True
        self._server.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with near, contextlib.suppress(OSError), socket.create_connection(self._target, 5) as far:
            other = {near: far, far: near}
            while not self._ended:
                for one in select.select(list(other), [], [], 0.2)[0]:
                    piece = one.recv(PIECE)
                    if not piece:
                        return
                    if not self._is_cut.is_set():
                        other[one].sendall(piece)
