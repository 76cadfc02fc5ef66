"""The address of a mail server as one URL, and mail addresses: what they may be.

    smtp+starttls://user:password@mail.example.com:587      TLS after a greeting in the clear
    smtps://user:password@mail.example.com:465              TLS from the first byte
    smtp://localhost:25                                     no TLS: this machine's own relay only

No sentence here repeats any of the URL: where it cannot be read nobody knows which part is the password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from guard.errors import InvalidRequest

__all__ = ["MOST_ADDRESSES", "MailServer", "Security", "mail_server", "split_addresses", "split_sender"]

MOST_ADDRESSES = 50
"""Of one audience. Each gets a mail of its own; more people than that belong on a mailing list."""
_LONGEST_ADDRESS = 254
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_SENDER = re.compile(r"(?:(?P<name>[\w .'()-]{1,80}) )?<(?P<address>[^<>]+)>")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Security(StrEnum):
    """How the connection is protected. The values are the schemes of the URL."""

    STARTTLS = "smtp+starttls"
    TLS = "smtps"
    NONE = "smtp"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server. `user` and `password` are empty where nobody signs in."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def mail_server(url: str) -> MailServer:
    """The server that a URL names.

    Raises:
        InvalidRequest: with every problem; none of them repeats the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidRequest("is no URL: its host or port cannot be read") from None
    problems = []
    if parts.scheme not in set(Security):
        raise InvalidRequest(f"must begin with {', '.join(f'{one.value}://' for one in Security)}")
    security = Security(parts.scheme)
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        problems.append("names no host, or has a space, a control character or a letter beyond ASCII")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        problems.append("has something after its host and port: percent-encode / ? # in a password")
    if port == 0:
        problems.append("has the port 0: use 1 to 65535")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        problems.append("has a user without a password, or a password without a user")
    if security is Security.NONE and host not in _LOOPBACK:
        problems.append(
            "would send in the clear: use smtp+starttls:// or smtps:// (smtp:// is for localhost)"
        )
    if problems:
        raise InvalidRequest(*problems)
    return MailServer(
        host=host, port=port or _PORTS[security], security=security, user=user, password=password
    )


def split_addresses(text: str) -> tuple[str, ...]:
    """Mail addresses from a comma-separated text, each once.

    Raises:
        InvalidRequest: with every problem.
    """
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    problems = [f"{name[:60]!r} is no mail address" for name in names if not _is_address(name)]
    if len(names) > MOST_ADDRESSES:
        problems.append(f"{len(names)} addresses are too many: at most {MOST_ADDRESSES}; use a mailing list")
    if problems:
        raise InvalidRequest(*problems)
    return tuple(names)


def split_sender(text: str) -> tuple[str, str]:
    """Name and address of ``Maintenance <guard@example.com>``, or of an address alone.

    Raises:
        InvalidRequest: it is neither.
    """
    whole = text.strip()
    match = _SENDER.fullmatch(whole)
    name, address = (match["name"] or "", match["address"]) if match else ("", whole)
    if not _is_address(address):
        raise InvalidRequest(f"{whole[:60]!r} is no mail address, nor one with a name: Name <a@example.com>")
    return name.strip(), address


def _is_address(text: str) -> bool:
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
