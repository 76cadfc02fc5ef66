"""The certificate that a host shows: how long it is valid, and whether it would be accepted."""

from __future__ import annotations

import socket
import ssl
from typing import Any, cast

from guard.errors import Unanswerable

__all__ = ["CertificateRefused", "certificate_end", "host_and_port"]

_HTTPS = 443


class CertificateRefused(Exception):
    """A client that checks certificates would not talk to this host."""


def host_and_port(text: str) -> tuple[str, int]:
    """From ``example.org`` or ``example.org:8443`` or ``[::1]:443``."""
    host, colon, port = text.rpartition(":")
    if not colon or (port.endswith("]") or not port.isdigit()):
        host, port = text, str(_HTTPS)
    return host.strip("[]"), int(port)


def certificate_end(address: str, *, timeout: float = 5.0, trust: ssl.SSLContext | None = None) -> float:
    """Until when the certificate of a host is valid: UTC seconds.

    Args:
        trust: whose signatures count; those of the system when None.

    Raises:
        CertificateRefused: it has expired, is for another name, or nobody known has signed it.
        Unanswerable: the host did not answer.
    """
    host, port = host_and_port(address)
    context = trust if trust is not None else ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = cast("dict[str, Any]", secure.getpeercert())
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused(error.verify_message) from error
    except OSError as error:
        raise Unanswerable(f"{host}:{port} did not answer ({type(error).__name__})") from error
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))
