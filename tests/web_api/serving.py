"""The site's application under a real server: waitress, with its threads."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.server import create_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@contextmanager
def served(app: Flask, *, threads: int = 8) -> Iterator[str]:
    """Its address while it is served."""
    server = create_server(
        app, host="127.0.0.1", port=0, threads=threads, channel_timeout=5, clear_untrusted_proxy_headers=False
    )
    stopping = threading.Event()

    def run() -> None:
        # Its own `run` ends when what it waits for is closed: with an error, if it waits just then.
        while not stopping.is_set():
            wasyncore.loop(timeout=0.1, map=server._map, count=1)

    thread = threading.Thread(target=run, name="waitress", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown(timeout=5)
        stopping.set()
        thread.join(10)
        wasyncore.close_all(server._map)  # type: ignore[no-untyped-call]  # the connections too
