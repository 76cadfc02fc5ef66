"""Addresses and networks in settings."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["proxy_problems"]


def proxy_problems(texts: Iterable[str]) -> list[str]:
    """What of this is neither an address nor a network. A network that has everybody in it is none: anybody
    could then say that they are anybody."""
    problems = []
    for text in texts:
        try:
            network = ip_network(text)
        except ValueError as error:
            problems.append(
                f"GUARD_TRUSTED_PROXIES: {text[:60]!r} is no address and no network ({str(error)[:100]})"
            )
            continue
        if network.prefixlen == 0:
            problems.append(f"GUARD_TRUSTED_PROXIES: {text[:60]!r} is everybody: name your proxies")
    return problems
