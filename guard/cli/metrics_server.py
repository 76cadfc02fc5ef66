"""The exporter's server: one page, a few threads, no store needed to know who asks."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import signal
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from guard.api.exposing import CONTENT_TYPE
from guard.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guard.api.metrics import Metrics

__all__ = ["serve"]

log = logging.getLogger(__name__)

_SHORTEST_TOKEN = 16
_MOST_AT_ONCE = 8
_PATIENCE_SECONDS = 10
"""For a caller that does not send its request, or does not take the answer."""
_PATH = "/metrics"


def serve(
    metrics: Metrics,
    *,
    host: str,
    port: int,
    token_file: Path | None,
    behind_tls: bool,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        host, port: where to listen; port 0: any free one.
        token_file: holds the bearer token that is asked for; None: nobody is asked.
        behind_tls: a proxy in front ends TLS.
        ready: told the address once it answers.

    Raises:
        InvalidRequest: others could reach `host`, and it is not protected; the token is too short; or the
            address cannot be listened on.
    """
    if not _is_loopback(host) and not (behind_tls and token_file is not None):
        raise InvalidRequest(
            f"others can reach {host!r}, and this serves plain HTTP: put a proxy that ends TLS in front, say "
            "--behind-tls, and give a --token-file; or listen on 127.0.0.1"
        )
    token = _token(token_file)
    try:
        server = _Server((host, port), _handler(metrics, token))
    except (OSError, OverflowError) as error:
        raise InvalidRequest(f"cannot listen on {host} port {port}: {error}") from error
    with server:
        previous = [
            (number, signal.signal(number, server.end))
            for number in (signal.SIGTERM, signal.SIGINT)
            if threading.current_thread() is threading.main_thread()
        ]
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{server.server_address[1]}{_PATH}")
        try:
            server.serve_forever(poll_interval=0.2)
        finally:
            for number, handler in previous:
                signal.signal(number, handler)


class _Server(ThreadingHTTPServer):
    """Answers a few at once; whoever comes while these are at work is turned away."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)
        if ":" in address[0]:
            import socket

            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        error = sys.exception()
        if isinstance(error, OSError):  # who asked has gone
            log.debug("a scrape was not taken: %s", error)
        else:
            log.error("a scrape was not answered", exc_info=error)

    def end(self, number: int, frame: object) -> None:
        """A signal handler: `shutdown` waits for the loop that this very thread is in."""
        del number, frame
        threading.Thread(target=self.shutdown, daemon=True).start()


def _handler(metrics: Metrics, token: bytes | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_SECONDS
        server_version = "guard"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != _PATH:
                self._answer(HTTPStatus.NOT_FOUND, f"see {_PATH}\n")
            elif token is not None and not self._is_known(token):
                wanted = ("WWW-Authenticate", "Bearer")
                self._answer(HTTPStatus.UNAUTHORIZED, "send the bearer token\n", wanted)
            else:
                self._answer(HTTPStatus.OK, metrics.text(), kind=CONTENT_TYPE)

        def _is_known(self, token: bytes) -> bool:
            kind, _, sent = self.headers.get("Authorization", "").partition(" ")
            said = sent.strip().encode("utf-8", "surrogateescape")
            return kind.lower() == "bearer" and hmac.compare_digest(said, token)

        def _answer(
            self,
            status: HTTPStatus,
            text: str,
            *more: tuple[str, str],
            kind: str = "text/plain; charset=utf-8",
        ) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                *more,
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's signature
            log.debug(format, *args)

    return Handler


def _token(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        token = path.read_bytes().strip()
    except OSError as error:
        raise InvalidRequest(f"the token file cannot be read: {error.strerror}") from error
    if len(token) < _SHORTEST_TOKEN:
        raise InvalidRequest(f"the token file holds fewer than {_SHORTEST_TOKEN} characters")
    return token


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost"
