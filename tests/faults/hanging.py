"""A server with two threads whose application holds every call: `python -m … PORT`.

``/healthz`` answers with the number of calls that were made; ``/healthz?go`` lets go of those that are held.
"""

import sys
import threading

from serving import Listener, serve

let_go = threading.Event()
calls = []


def hold(environ, start_response):
    if environ["PATH_INFO"] == "/healthz":
        if environ["QUERY_STRING"] == "go":
            let_go.set()
    else:
        calls.append(environ["PATH_INFO"])
        let_go.wait()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{len(calls)}\n".encode()]


if __name__ == "__main__":
    listener = Listener("PORT", f"127.0.0.1:{sys.argv[1]}", hold, threads=2)
    serve([listener], certificate=None, on_stop=lambda: None, grace_seconds=0)
