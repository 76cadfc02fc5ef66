"""Where a webhook may post to: never into the network that the guard itself stands in (threat S23).

Rules:

- A setting is judged before anything is asked of DNS: https, no user or password, and a host that the public
  internet knows, in the one spelling that everybody reads alike. An address inside has dozens of others
  (``0x7f.1``, ``017700000001``, ``[::ffff:7f00:1]``), and two libraries seldom agree on all of them.
- A name proves nothing: it may lead anywhere, and a moment later elsewhere. So whoever delivers resolves it
  once, asks `address_problem` about every address, connects to one of those very addresses with the name for
  TLS only, and follows no redirect.
- No sentence here repeats any of the URL: its path is the key to the receiver, and where it cannot be read
  nobody knows which part of it is the password.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST", "address_problem", "shown_webhook", "webhook_problems"]

LONGEST = 2000
"""Characters of a URL."""
_LONGEST_NAME = 253
_TLS = 443
_FIRST_FREE_PORT = 1024
_LAST_PORT = 65_535
_PLAIN = re.compile(r"[!-\[\]-~]*")
"""Printable ASCII but the backslash, which some take for a slash."""
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE = frozenset({
    "alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain",
    "localhost", "onion", "private", "svc", "test",
})  # fmt: skip
"""Last parts of names that no public DNS answers for, or that mean this machine or its network."""

_V4 = (
    ("168.63.129.16/32", "the address of a cloud's metadata"),
    ("169.254.0.0/16", "a link-local address, where clouds keep their metadata"),
    ("0.0.0.0/8", "the unspecified address: this machine"),
    ("127.0.0.0/8", "a loopback address"),
    ("10.0.0.0/8", "a private address"),
    ("172.16.0.0/12", "a private address"),
    ("192.168.0.0/16", "a private address"),
    ("100.64.0.0/10", "an address shared inside a provider's network"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "an address for documentation"),
    ("192.88.99.0/24", "a reserved address"),
    ("198.18.0.0/15", "an address for benchmarks"),
    ("198.51.100.0/24", "an address for documentation"),
    ("203.0.113.0/24", "an address for documentation"),
    ("224.0.0.0/4", "a multicast address"),
    ("240.0.0.0/4", "a reserved address"),
)
_V6 = (
    ("::/128", "the unspecified address: this machine"),
    ("::1/128", "a loopback address"),
    ("fe80::/10", "a link-local address"),
    ("fec0::/10", "a private address"),
    ("fc00::/7", "a private address"),
    ("ff00::/8", "a multicast address"),
    ("2001::/23", "a reserved address"),
    ("2001:db8::/32", "an address for documentation"),
    ("2002::/16", "an IPv4 address in a tunnel"),
    ("3fff::/20", "an address for documentation"),
)
_SPECIAL: tuple[tuple[IPv4Network | IPv6Network, str], ...] = (
    *((IPv4Network(text), what) for text, what in _V4),
    *((IPv6Network(text), what) for text, what in _V6),
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def webhook_problems(url: str) -> list[str]:
    """All that keeps a webhook from being posted to this URL: each the end of a sentence that begins with the
    name of its setting. Empty: nothing, as far as can be told without asking DNS."""
    problems = []
    if len(url) > LONGEST:
        problems.append(f"has {len(url)} characters: use at most {LONGEST}")
    if not _PLAIN.fullmatch(url):
        problems.append(
            "has a space, a control character, a backslash or a letter beyond ASCII: "
            "percent-encode it, and write the name of a host as xn--…"
        )
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() != "https":
        problems.append("must begin with https://")
    if not separator:
        return problems
    if "#" in rest:
        problems.append("has a fragment (#…), which is sent to nobody")
    _, at, place = re.split(r"[/?#\\]", rest)[0].rpartition("@")
    if at:
        problems.append("has a user or password before its host: nothing may stand before an @ there")
    return [*problems, *_place_problems(place)]


def shown_webhook(url: str) -> str:
    """The URL as people may see it: where it leads, and nothing of its path and query, which are the key to
    the receiver."""
    if not url or webhook_problems(url):
        return "***" if url else ""
    place, *rest = re.split(r"[/?]", url.partition("://")[2], maxsplit=1)
    return f"https://{place.lower()}" + ("/***" if rest and rest[0] else "")


def address_problem(address: IPv4Address | IPv6Address) -> str | None:
    """What a resolved address is, when no webhook may go there; None for one of the public internet.

    An IPv4 address told as IPv6 is what it stands for.
    """
    inner = _inner(address)
    if inner is not None:
        return address_problem(inner)
    if getattr(address, "scope_id", None):
        return "an address of one network card"
    for network, what in _SPECIAL:
        if address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return "a reserved address"
    return None


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address in an IPv6 one."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _place_problems(place: str) -> Iterator[str]:
    """What is wrong with host and port."""
    if place.startswith("["):
        host, bracket, after = place[1:].partition("]")
        if not bracket or (after and not after.startswith(":")):
            yield "has brackets that are not the two of an IPv6 address"
            return
        yield from _six_problems(host)
        colon, port = after[:1], after[1:]
    elif place.count(":") > 1:
        yield "has more than one colon in its host: write an IPv6 address in brackets"
        return
    else:
        host, colon, port = place.partition(":")
        yield from _host_problems(host.lower().removesuffix("."))
    if not colon:
        return
    if not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        yield f"has a port that is no number from 1 to {_LAST_PORT}"
    elif int(port) != _TLS and int(port) < _FIRST_FREE_PORT:
        yield f"has the port of another service: use {_TLS}, or one from {_FIRST_FREE_PORT} on"


def _six_problems(host: str) -> Iterator[str]:
    """Between brackets: an address and nothing else."""
    if "%" in host:
        yield "has a host with a zone (%…): only one machine knows what it means"
        return
    try:
        address = IPv6Address(host)
    except AddressValueError:
        yield "has brackets round what is no IPv6 address"
        return
    yield from _address_problems(address)


def _host_problems(host: str) -> Iterator[str]:
    """A name, or an IPv4 address. What ends in a number is an address to everybody who resolves it, in any
    of its spellings."""
    labels = host.split(".")
    if not host:
        yield "names no host"
    elif _NUMBER.fullmatch(labels[-1]):
        try:
            address = IPv4Address(host)
        except AddressValueError:
            yield "has an address in another spelling than four decimal numbers from 0 to 255"
            return
        yield from _address_problems(address)
    elif len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        yield "has a host that is no name of a machine: letters, digits and hyphens between dots"
    elif labels[-1] in _INSIDE:
        yield f"has a host that ends in {labels[-1]!r}: that is this machine, or known in its network only"
    elif len(labels) == 1:
        yield "has a host without a dot: that is known in one network only"


def _address_problems(address: IPv4Address | IPv6Address) -> Iterator[str]:
    problem = address_problem(address)
    if problem is not None:
        yield f"leads to {problem}: webhooks go to the public internet only"
