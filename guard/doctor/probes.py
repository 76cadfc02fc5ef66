"""Whether a way to people works: a connection is made and nothing is sent that anybody would read."""

from __future__ import annotations

import smtplib
import socket
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.core.doctor_facts import Reachability
from guard.core.webhook_address import address_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Address, IPv6Address

__all__ = ["smtp_reachable", "webhook_reachable"]

_SECONDS = 3.0
_HTTPS = 443
_TLS = ("none", "starttls", "tls")


def smtp_reachable(host: str, port: int, tls: str, *, context: ssl.SSLContext | None = None) -> Reachability:
    """Greet a mail server and leave. Never raises for what the server does.

    Args:
        tls: ``none``; ``starttls``: plain first; ``tls``: from the first byte.
        context: which certificates are believed; the system's when None.
    """
    if tls not in _TLS:
        return _away(f"tls={tls!r} is unknown: use {', '.join(_TLS)}")
    where = f"{host}:{port}"
    trusted = context or ssl.create_default_context()
    try:
        if tls == "tls":
            with smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=trusted) as server:
                server.ehlo()
        else:
            with smtplib.SMTP(host, port, timeout=_SECONDS) as server:
                server.ehlo()
                if tls == "starttls":
                    if not server.has_extn("starttls"):
                        return _away(f"{where} does not offer STARTTLS")
                    server.starttls(context=trusted)
                    server.ehlo()
    except ssl.SSLCertVerificationError as error:
        return _away(f"the certificate of {where} is refused: {error.verify_message}")
    except ssl.SSLError:
        return _away(f"{where} does not speak TLS on this port")
    except (OSError, smtplib.SMTPException) as error:
        return _away(f"{where} does not answer ({type(error).__name__})")
    return Reachability(reachable=True, note=f"{where} answers" + ("" if tls == "none" else " with TLS"))


def webhook_reachable(
    url: str,
    *,
    refuses: Callable[[IPv4Address | IPv6Address], str | None] = address_problem,
    context: ssl.SSLContext | None = None,
) -> Reachability:
    """Resolve its host, connect, prove its certificate, and leave: nothing is posted. Only the host is shown.

    Args:
        refuses: why an address must not be connected to; None when it may be.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return _away(f"no address is known of {host}")
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        if problem := refuses(ip_address(address.partition("%")[0])):
            return _away(f"{host} leads to {problem}, where nothing is ever posted")
    try:
        with (
            socket.create_connection((addresses[0], port), timeout=_SECONDS) as plain,
            (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=host),
        ):
            return Reachability(reachable=True, note=f"{host} answers with TLS")
    except ssl.SSLCertVerificationError as error:
        return _away(f"the certificate of {host} is refused: {error.verify_message}")
    except OSError as error:  # ssl.SSLError is one
        return _away(f"{host} does not answer ({type(error).__name__})")


def _away(note: str) -> Reachability:
    return Reachability(reachable=False, note=note)
