"""Free TCP ports for servers that cannot listen on a unix socket."""

from __future__ import annotations

import secrets
import socket

_PORTS = range(20_000, 32_768)
"""Below those that Linux gives to outgoing connections: of these any client may have one in the moment when
a server wants it."""
_TRIES = 100


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now.

    Another process may take it before the caller binds it. Ports are drawn at random from many thousands,
    which makes that rare; servers here check that it is their own process which answers.
    """
    for _ in range(_TRIES):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port in {_TRIES} tries between {_PORTS.start} and {_PORTS.stop}")
