"""A server whose application answers ``/healthz`` and hangs on everything else: `python -m … PORT`."""

import sys
import threading

from serving import Listener, serve


def hang(environ, start_response):
    if environ["PATH_INFO"] != "/healthz":
        threading.Event().wait()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok\n"]


if __name__ == "__main__":
    listener = Listener("PORT", f"127.0.0.1:{sys.argv[1]}", hang, threads=2)
    serve([listener], certificate=None, on_stop=lambda: None, grace_seconds=0)
