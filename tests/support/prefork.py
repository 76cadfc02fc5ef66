"""`python -m tests.support.prefork PORT CHILDREN`: the gallery as gunicorn and uWSGI serve it.

The application is made once and then forked; each child serves the same socket under waitress. With
PREFORK_ASK_FIRST the parent has asked the guard before.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

import waitress
from flask import jsonify

from tests.support.gallery import build


def main(port: int, children: int) -> None:
    app, guard = build(os.environ)

    @app.get("/admin/pid")
    def pid() -> object:
        return jsonify(pid=os.getpid(), open=guard.check("job_creation").allowed)

    if os.environ.get("PREFORK_ASK_FIRST"):
        guard.check("job_creation")  # the parent has an agent, a lease and connections of its own
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    pids: list[int] = []
    for _ in range(children):
        child = os.fork()
        if child == 0:
            waitress.serve(app, sockets=[listener], threads=2, _quiet=True)
            os._exit(0)
        pids.append(child)

    def end(*_: object) -> None:
        for each in pids:
            os.kill(each, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print("serving", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
