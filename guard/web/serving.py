"""The guard's web side alone, as a WSGI application and served: for operators whose application has no place
for it, or whose application is what is being maintained.

It speaks plain HTTP. On this machine's own addresses that is safe; on any other one a proxy in front has to
end TLS, and whoever starts this has to say that there is one.
"""

from __future__ import annotations

import ipaddress
import logging
import signal
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from flask import Flask, redirect, url_for

from guard.errors import InvalidRequest
from guard.web.mounting import mount_own_pages
from guard.web.public import make_public
from guard.web.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import FrameType

    from flask import Request
    from flask.typing import ResponseReturnValue

    from guard.api import Guard
    from guard.core.access import Actor

__all__ = ["is_loopback", "make_site", "serve"]

log = logging.getLogger(__name__)

_LARGEST_BODY = 256 * 1024
_THREADS = 16
_CHANNEL_SECONDS = 60
_BACKLOG = 256


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    with suppress(ValueError):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost"


def make_site(
    guard: Guard,
    *,
    authenticate: Callable[[Request], Actor | None] | None = None,
    trusted_proxies: Collection[str] | None = None,
    standing: Standing | None = None,
) -> Flask:
    """API, admin page and status page as a Flask application of its own.

    Args:
        authenticate, trusted_proxies: as `Door` takes them.
        standing: the status from memory; one of its own when None.
    """
    site = Flask("guard.web.site", static_folder=None)
    site.config.update(MAX_CONTENT_LENGTH=_LARGEST_BODY, MAX_FORM_PARTS=200, TRAP_HTTP_EXCEPTIONS=False)
    mount_own_pages(
        site, guard, authenticate=authenticate, trusted_proxies=trusted_proxies, standing=standing
    )
    site.register_blueprint(make_public(guard), url_prefix="/maintenance")

    def home() -> ResponseReturnValue:
        return redirect(url_for("guard_admin.now"), code=303)

    site.add_url_rule("/", "home", home)
    return site


def serve(
    guard: Guard,
    *,
    host: str,
    port: int,
    behind_tls: bool = False,
    trusted_proxies: Collection[str] | None = None,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT. Requests that are under way then are answered first.

    Args:
        host, port: where to listen; port 0: any free one.
        behind_tls: a proxy in front ends TLS: cookies are then bound to https.
        ready: told the address once it answers.

    Raises:
        InvalidRequest: others could reach `host`, and nobody said that TLS is in front; or the address cannot
            be listened on.
    """
    from waitress.server import create_server

    if not is_loopback(host) and not behind_tls:
        raise InvalidRequest(
            f"others can reach {host!r}, and this serves plain HTTP: put a proxy that ends TLS in front and "
            "say --behind-tls, or listen on 127.0.0.1"
        )
    standing = Standing(guard)
    site = make_site(guard, trusted_proxies=trusted_proxies, standing=standing)
    try:
        server = create_server(
            site,
            host=host,
            port=port,
            threads=_THREADS + guard.settings.guard_event_listeners,
            ident="",
            url_scheme="https" if behind_tls else "http",
            channel_timeout=_CHANNEL_SECONDS,
            backlog=_BACKLOG,
            max_request_body_size=_LARGEST_BODY,
            clear_untrusted_proxy_headers=False,  # the door reads them, and believes only trusted proxies
        )
    except OSError as error:
        raise InvalidRequest(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    with ExitStack() as leaving:
        leaving.callback(standing.close)
        leaving.callback(server.close)
        for number in (signal.SIGTERM, signal.SIGINT):
            if threading.current_thread() is threading.main_thread():
                leaving.callback(signal.signal, number, signal.signal(number, _end))
        ready(_address(server, host, behind_tls=behind_tls))
        try:
            server.run()  # ends by the SystemExit of `_end`, after the requests under way
        except SystemExit:
            log.info("the web server was asked to end")


def _address(server: Any, host: str, *, behind_tls: bool) -> str:
    port = getattr(server, "effective_port", None) or server.effective_listen[0][1]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/admin/maintenance/" + (" (behind TLS)" if behind_tls else "")


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)
