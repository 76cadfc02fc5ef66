"""A model server that describes every image alike, and may be made slow: how a performance crisis begins."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_ANSWER: Final = {
    "response": "A picture of coloured shapes on a plain ground, made for this demonstration and described "
    "by nobody in particular.",
    "done": True,
}


class SlowModel:
    """Answers as Ollama does, on a port of its own. While `pause` is set, each answer waits for its end."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._go_on = threading.Event()
        self._go_on.set()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="slow-model", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self._server.server_address[0]!s}:{self._server.server_port}"

    def be_slow(self) -> None:
        """From now on nothing is answered."""
        self._go_on.clear()

    def be_fast(self) -> None:
        """Everything is answered at once, also what waits."""
        self._go_on.set()

    def close(self) -> None:
        """Stop."""
        self.be_fast()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        go_on = self._go_on

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                go_on.wait(120)
                body = json.dumps(_ANSWER).encode()
                with contextlib.suppress(ConnectionError):  # who asked was ended meanwhile
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
