"""Free TCP ports for servers that cannot listen on a unix socket."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now.

    Another process may take it before the caller binds it. The kernel hands out ephemeral ports in
    random order, which makes that rare; servers here check that it is their own process which answers.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
